// SPDX-License-Identifier: Apache-2.0
package dev.jay.model.load;

import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import tools.jackson.databind.JsonNode;

/**
 * Which files a safetensors model is in: one, or those that an index names.
 *
 * @param index the file of each tensor, by the tensor's name; empty where there is no index
 */
record SafetensorsFiles(Path folder, List<Path> files, Map<String, String> index) {
    static final String SUFFIX = ".safetensors";
    static final String INDEX_SUFFIX = ".safetensors.index.json";
    private static final String INDEX = "model.safetensors.index.json";
    private static final long LONGEST_INDEX = 32L << 20;
    private static final int MOST_FILES = 10_000;

    /** @param path a folder, an index, or one of the files */
    static SafetensorsFiles of(Path path) throws IOException {
        if (Files.isDirectory(path)) return inFolder(path);
        Path folder = path.toAbsolutePath().normalize().getParent();
        if (path.toString().endsWith(INDEX_SUFFIX)) return indexed(folder, path);
        Path index = folder.resolve(INDEX);
        if (Files.isRegularFile(index)) {
            SafetensorsFiles all = indexed(folder, index);
            if (all.index.containsValue(String.valueOf(path.getFileName()))) return all;
        }
        return new SafetensorsFiles(folder, List.of(path), Map.of());
    }

    private static SafetensorsFiles inFolder(Path folder) throws IOException {
        if (Files.isRegularFile(folder.resolve(INDEX))) return indexed(folder, folder.resolve(INDEX));
        List<Path> found = new ArrayList<>();
        try (DirectoryStream<Path> each = Files.newDirectoryStream(folder, "*" + SUFFIX)) {
            for (Path file : each) found.add(file);
        }
        Path usual = folder.resolve("model" + SUFFIX);
        if (found.size() > 1 && Files.isRegularFile(usual)) found = List.of(usual);
        if (found.size() != 1) {
            throw new MalformedModelException(
                    folder,
                    0,
                    "which model is in this folder? Wanted *.gguf, " + INDEX + ", model" + SUFFIX + " or a single *"
                            + SUFFIX + " in it, found "
                            + found.stream().map(Path::getFileName).sorted().toList());
        }
        return new SafetensorsFiles(folder, found, Map.of());
    }

    private static SafetensorsFiles indexed(Path folder, Path index) throws IOException {
        JsonNode map = JsonText.object(index, LONGEST_INDEX).path("weight_map");
        if (!map.isObject() || map.isEmpty()) throw new MalformedModelException(index, 0, "has no weight_map");
        Map<String, String> files = new LinkedHashMap<>();
        for (Map.Entry<String, JsonNode> e : map.properties()) {
            String file = e.getValue().isString() ? e.getValue().stringValue() : "";
            if (!file.endsWith(SUFFIX) || file.startsWith(".") || !file.matches("[\\w.-]+")) {
                throw new MalformedModelException(
                        index,
                        0,
                        "weight_map has something else than a file beside it: tensor="
                                + MalformedModelException.shown(e.getKey()) + ", file="
                                + MalformedModelException.shown(e.getValue().toString()));
            }
            files.put(e.getKey(), file);
        }
        TreeSet<String> names = new TreeSet<>(files.values());
        if (names.size() > MOST_FILES) {
            throw new MalformedModelException(
                    index, 0, "names too many files: " + names.size() + ", most=" + MOST_FILES);
        }
        return new SafetensorsFiles(folder, names.stream().map(folder::resolve).toList(), files);
    }
}
