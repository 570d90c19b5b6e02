// SPDX-License-Identifier: Apache-2.0
package dev.jay.app.hub;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Which files of a repository are the model that is meant.
 *
 * @param main  the file that is opened; empty: the folder
 * @param files all that must be there
 * @param why   what was chosen among what; empty where nothing was
 */
record HubChoice(String main, List<HubFile> files, String why) {
    /** Among several GGUF files, the first of these: four bits that lose little, then what is nearest. */
    private static final List<String> PREFERRED = List.of(
            "q4_k_m", "q4_k_s", "q4_k", "q4_0", "q5_k_m", "q5_k_s", "q5_k", "q6_k", "q8_0", "mxfp4", "bf16", "f16",
            "f32");

    private static final Pattern PART = Pattern.compile("(.*-)(\\d{5})(-of-\\d{5}\\.gguf)");
    /** Not models by themselves: eyes and ears of others, importance of columns, adapters. */
    private static final Pattern NO_MODEL = Pattern.compile("(?i).*(mmproj|imatrix|lora|adapter).*");

    private static final Set<String> BESIDES = Set.of(
            "1_Pooling/config.json",
            "config.json",
            "generation_config.json",
            "modules.json",
            "tokenizer.json",
            "tokenizer.model",
            "tokenizer_config.json",
            "special_tokens_map.json",
            "added_tokens.json",
            "chat_template.jinja",
            "vocab.json",
            "vocab.txt",
            "merges.txt",
            "model.safetensors.index.json");

    private static final int MOST_LISTED = 20;

    static HubChoice of(HubModel model, List<HubFile> all) throws HubException {
        Optional<HubFile> named =
                all.stream().filter(f -> f.path().equals(model.file())).findFirst();
        if (named.isPresent()) return ofFile(named.get(), all);
        String folder = model.file().isEmpty() ? "" : model.file() + "/";
        List<HubFile> within =
                all.stream().filter(f -> f.path().startsWith(folder)).toList();
        if (within.isEmpty()) {
            throw new HubException(model + ": no such file; there are "
                    + listed(all.stream().filter(HubChoice::isWeights).toList()));
        }
        List<HubFile> ggufs = within.stream()
                .filter(f -> f.name().endsWith(".gguf")
                        && !NO_MODEL.matcher(f.name()).matches())
                .filter(f -> !PART.matcher(f.name()).matches() || f.name().contains("-00001-of-"))
                .toList();
        if (ggufs.size() == 1) return ofFile(ggufs.getFirst(), all);
        if (ggufs.size() > 1) return preferred(model, ggufs, all);
        if (folder.isEmpty()) return ofSafetensors(model, all);
        throw new HubException(model + ": no GGUF file in this folder; there are " + listed(within));
    }

    private static HubChoice preferred(HubModel model, List<HubFile> ggufs, List<HubFile> all) throws HubException {
        for (String format : PREFERRED) {
            Pattern named = Pattern.compile("(?i)(.*[-._])?" + format + "([-._].*)?");
            Optional<HubFile> found = ggufs.stream()
                    .filter(f -> named.matcher(f.name()).matches())
                    .min(Comparator.comparing(HubFile::path));
            if (found.isEmpty()) continue;
            HubChoice one = ofFile(found.get(), all);
            String others = " (write hf:" + model.id() + "/FILE for another of " + listed(ggufs) + ")";
            return new HubChoice(one.main, one.files, "taking " + found.get().path() + " of " + ggufs.size() + others);
        }
        throw new HubException(
                model + ": it has several models, name one: hf:" + model.id() + "/FILE of " + listed(ggufs));
    }

    private static HubChoice ofFile(HubFile file, List<HubFile> all) {
        String name = file.name();
        if (name.endsWith(".safetensors") || name.endsWith(".safetensors.index.json")) {
            List<HubFile> files = new ArrayList<>(beside(all));
            if (all.stream().anyMatch(f -> f.path().equals("model.safetensors.index.json"))) files.addAll(shards(all));
            if (!files.contains(file)) files.add(file);
            return new HubChoice(file.path(), List.copyOf(files), "");
        }
        Matcher part = PART.matcher(file.path());
        if (!part.matches()) return new HubChoice(file.path(), List.of(file), "");
        List<HubFile> parts = all.stream()
                .filter(f -> {
                    Matcher other = PART.matcher(f.path());
                    return other.matches()
                            && other.group(1).equals(part.group(1))
                            && other.group(3).equals(part.group(3));
                })
                .sorted(Comparator.comparing(HubFile::path))
                .toList();
        return new HubChoice(file.path(), parts, "");
    }

    private static HubChoice ofSafetensors(HubModel model, List<HubFile> all) throws HubException {
        List<HubFile> files = new ArrayList<>(beside(all));
        List<HubFile> weights = shards(all);
        if (weights.isEmpty() || files.stream().noneMatch(f -> f.path().equals("config.json"))) {
            throw new HubException(
                    model + ": no model that Jay reads: wanted *.gguf, or *.safetensors with config.json; there are "
                            + listed(all));
        }
        files.addAll(weights);
        return new HubChoice("", List.copyOf(files), "");
    }

    private static List<HubFile> beside(List<HubFile> all) {
        return all.stream().filter(f -> BESIDES.contains(f.path())).toList();
    }

    /** Those of the index, or the one file; never the copies that some repositories keep in other forms. */
    private static List<HubFile> shards(List<HubFile> all) {
        List<HubFile> root = all.stream()
                .filter(f -> !f.path().contains("/") && f.path().endsWith(".safetensors"))
                .toList();
        List<HubFile> shards = root.stream()
                .filter(f -> f.path().matches("model-\\d{5}-of-\\d{5}\\.safetensors"))
                .toList();
        boolean indexed = all.stream().anyMatch(f -> f.path().equals("model.safetensors.index.json"));
        if (indexed && !shards.isEmpty()) return shards;
        List<HubFile> usual =
                root.stream().filter(f -> f.path().equals("model.safetensors")).toList();
        return usual.isEmpty() && root.size() == 1 ? root : usual;
    }

    private static boolean isWeights(HubFile f) {
        return f.path().endsWith(".gguf") || f.path().endsWith(".safetensors");
    }

    private static String listed(List<HubFile> files) {
        List<String> names =
                files.stream().map(HubFile::path).sorted().limit(MOST_LISTED).toList();
        return names + (files.size() > MOST_LISTED ? " and " + (files.size() - MOST_LISTED) + " more" : "");
    }

    long bytes() {
        return files.stream().mapToLong(HubFile::size).sum();
    }
}
