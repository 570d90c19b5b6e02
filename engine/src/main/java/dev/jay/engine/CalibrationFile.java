// SPDX-License-Identifier: Apache-2.0
package dev.jay.engine;

import dev.jay.kv.KvRecipe;
import dev.jay.kv.evict.KvCalibration;
import dev.jay.model.ModelSpec;
import dev.jay.model.load.MalformedModelException;
import dev.jay.model.load.WeightSource;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * What was measured of a model, in a file beside it: {@code {"model": fingerprint, "layers": [{"heads": [...], "error":
 * e}]}}. It is another model's as soon as a weight differs. What it says is checked: it may be anybody's.
 */
record CalibrationFile(Path path, Path model) {
    private static final String ENDING = ".calibration.json";
    private static final long MOST_BYTES = 4 << 20;

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
        Path folder = path.toAbsolutePath().getParent();
        Path part = Files.createTempFile(folder, "calibration", ".part");
        Files.writeString(part, root + "\n", StandardCharsets.UTF_8);
        Files.move(part, path, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
    }

    /** @throws IllegalArgumentException if there is none of this model */
    KvCalibration read(KvRecipe recipe, WeightSource source, ModelSpec spec) {
        if (!Files.isRegularFile(path)) throw wanted(recipe, "there is no " + path);
        String text;
        try {
            if (Files.size(path) > MOST_BYTES) throw wrong("bytes=" + Files.size(path) + ", allowed=" + MOST_BYTES);
            text = Files.readString(path, StandardCharsets.UTF_8);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        JsonNode root;
        try {
            root = JsonMapper.shared().readTree(text);
        } catch (JacksonException e) {
            throw wrong("no JSON: " + e.getOriginalMessage());
        }
        String whose = root.path("model").stringValue("");
        if (!whose.equals(Fingerprint.of(source))) {
            throw wanted(recipe, path + " is of another model");
        }
        return layers(root.path("layers"), spec);
    }

    private KvCalibration layers(JsonNode all, ModelSpec spec) {
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
        return new KvCalibration(layers);
    }

    private IllegalArgumentException wanted(KvRecipe recipe, String what) {
        return new IllegalArgumentException("kv recipe '" + recipe + "' goes by what was measured of the model, and "
                + what + "; 'jay calibrate " + model + " TEXT' measures it");
    }

    private MalformedModelException wrong(String what) {
        return new MalformedModelException("the calibration " + path + " cannot be used: " + what);
    }
}
