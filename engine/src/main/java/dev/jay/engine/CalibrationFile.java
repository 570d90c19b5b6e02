// SPDX-License-Identifier: Apache-2.0
package dev.jay.engine;

import dev.jay.kv.KvRecipe;
import dev.jay.kv.evict.KvCalibration;
import dev.jay.kv.evict.KvCalibration.KvHead;
import dev.jay.model.ModelSpec;
import dev.jay.model.load.MalformedModelException;
import dev.jay.model.load.WeightSource;
import dev.jay.tensor.memory.WholeFile;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * What was measured of a model, in a file beside it: {@code {"model": fingerprint, "layers": [{"heads": [...], "error":
 * e}], "kvHeads": [[layer, head], ...]}}, the last only where it was measured. It is another model's as soon as a weight differs. What it says is checked: it may be anybody's.
 */
record CalibrationFile(Path path, Path model) {
    private static final String ENDING = ".calibration.json";
    private static final int MOST_BYTES = 4 << 20;

    /** Of jay-tiny, as 'jay calibrate' wrote it. */
    static final String BUILT_IN = "jay-tiny.calibration.json";

    static CalibrationFile of(Path model) {
        return new CalibrationFile(model.resolveSibling(model.getFileName() + ENDING), model);
    }

    void write(KvCalibration measured, WeightSource source) throws IOException {
        ObjectNode root = JsonMapper.shared().createObjectNode();
        root.put("model", Fingerprint.of(source));
        ArrayNode layers = root.putArray("layers");
        for (KvCalibration.Layer layer : measured.layers()) {
            ObjectNode one = layers.addObject();
            ArrayNode heads = one.putArray("heads");
            layer.heads().forEach(heads::add);
            one.put("error", layer.error());
        }
        if (!measured.kvHeads().isEmpty()) {
            ArrayNode kvHeads = root.putArray("kvHeads");
            for (KvHead one : measured.kvHeads())
                kvHeads.addArray().add(one.layer()).add(one.head());
        }
        WholeFile.write(path, (root + "\n").getBytes(StandardCharsets.UTF_8));
    }

    /**
     * What a recipe goes by, and no more.
     *
     * @throws IllegalArgumentException if that was not measured of this model
     */
    KvCalibration read(KvRecipe recipe, WeightSource source, ModelSpec spec) {
        KvCalibration heads = recipe.wantsHeads()
                ? findHeads(source, spec).orElseThrow(() -> lacking(recipe, path))
                : KvCalibration.NONE;
        if (!recipe.wantsBases()) return heads;
        return findBases(source, spec)
                .map(heads::withBases)
                .orElseThrow(() -> lacking(recipe, BasisFile.of(model).path()));
    }

    private IllegalArgumentException lacking(KvRecipe recipe, Path lacking) {
        return new IllegalArgumentException("kv recipe '" + recipe + "' goes by what was measured of the model, and "
                + (Files.isRegularFile(lacking) ? lacking + " is of another model" : "there is no " + lacking)
                + "; 'jay calibrate " + model + " TEXT' measures it (for spread=heads with --heads)");
    }

    /** What lies beside the model, of its heads and of its keys and values. */
    Optional<KvCalibration> find(WeightSource source, ModelSpec spec) {
        Optional<KvCalibration> heads = findHeads(source, spec);
        return findBases(source, spec)
                .map(heads.orElse(KvCalibration.NONE)::withBases)
                .or(() -> heads);
    }

    private Optional<List<KvCalibration.Bases>> findBases(WeightSource source, ModelSpec spec) {
        try {
            return BasisFile.of(model).find(source, spec);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** What lies beside the model; if that is not of this very model, what comes with Jay of its own. */
    private Optional<KvCalibration> findHeads(WeightSource source, ModelSpec spec) {
        String print = Fingerprint.of(source);
        try {
            if (Files.isRegularFile(path)) {
                try (InputStream in = Files.newInputStream(path)) {
                    Optional<KvCalibration> own = read(in, print, spec);
                    if (own.isPresent()) return own;
                }
            }
            try (InputStream in = CalibrationFile.class.getResourceAsStream(BUILT_IN)) {
                return in == null ? Optional.empty() : read(in, print, spec);
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private Optional<KvCalibration> read(InputStream in, String print, ModelSpec spec) throws IOException {
        byte[] bytes = in.readNBytes(MOST_BYTES + 1);
        if (bytes.length > MOST_BYTES) throw wrong("bytes are more than " + MOST_BYTES);
        JsonNode root;
        try {
            root = JsonMapper.shared().readTree(bytes);
        } catch (JacksonException e) {
            throw wrong("no JSON: " + e.getOriginalMessage());
        }
        if (!root.path("model").stringValue("").equals(print)) return Optional.empty();
        return Optional.of(new KvCalibration(layers(root.path("layers"), spec), kvHeads(root.path("kvHeads"), spec)));
    }

    private List<KvCalibration.Layer> layers(JsonNode all, ModelSpec spec) {
        int wanted = spec.kvShape().streams().size();
        if (!all.isArray() || all.size() != wanted) throw wrong("layers=" + all.size() + ", the model's=" + wanted);
        List<KvCalibration.Layer> layers = new ArrayList<>();
        for (JsonNode one : all) {
            List<Integer> heads = new ArrayList<>();
            for (JsonNode head : one.path("heads")) {
                int h = head.isInt() ? head.intValue() : -1;
                if (h < 0 || h >= spec.heads()) throw wrong("head=" + head + ", the model's=" + spec.heads());
                heads.add(h);
            }
            if (heads.isEmpty() || new HashSet<>(heads).size() != heads.size()) {
                throw wrong("heads=" + one.path("heads").size() + " of layer " + layers.size() + ", wanted each once");
            }
            double error = one.path("error").doubleValue(Double.NaN);
            if (!(error >= 0 && error <= 1e6)) throw wrong("error=" + one.path("error") + ", allowed: 0 to 1e6");
            layers.add(new KvCalibration.Layer(heads, error));
        }
        return layers;
    }

    /** All of them, or none. */
    private List<KvHead> kvHeads(JsonNode all, ModelSpec spec) {
        List<KvHead> heads = new ArrayList<>();
        if (all.isMissingNode()) return heads;
        for (JsonNode one : all) {
            int layer = one.path(0).isInt() ? one.path(0).intValue() : -1;
            int head = one.path(1).isInt() ? one.path(1).intValue() : -1;
            if (layer < 0 || layer >= spec.layers() || head < 0 || head >= spec.kvHeads()) {
                throw wrong(
                        "kvHeads has " + one + ", wanted [layer, head] of " + spec.layers() + " and " + spec.kvHeads());
            }
            heads.add(new KvHead(layer, head));
        }
        int wanted = spec.layers() * spec.kvHeads();
        if (heads.size() != wanted || new HashSet<>(heads).size() != wanted) {
            throw wrong("kvHeads=" + heads.size() + ", wanted each of " + wanted + " once");
        }
        return heads;
    }

    private MalformedModelException wrong(String what) {
        return new MalformedModelException("the calibration " + path + " cannot be used: " + what);
    }
}
