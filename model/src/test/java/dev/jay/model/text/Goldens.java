// SPDX-License-Identifier: Apache-2.0
package dev.jay.model.text;

import dev.jay.model.load.Metadata;
import dev.jay.model.load.ModelFiles;
import dev.jay.model.load.TokenizerFiles;
import dev.jay.model.load.WeightSource;
import dev.jay.tensor.Shared;
import dev.jay.tensor.memory.Memory;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.ObjectMapper;

/** The tokenizers' reference data, and tokenizers made from it. */
final class Goldens {
    private static final ObjectMapper JSON = new ObjectMapper();

    private Goldens() {}

    static Tokenizer ofVocabulary(String name) {
        return of("1-tokenizers/ggml-vocab/ggml-vocab-" + name + ".gguf");
    }

    /** The tokenizer of a directory in which one file of the reference data lies under a name. */
    static Tokenizer ofDirectory(String file, String name) {
        return Tokenizers.from(metadataOfDirectory(file, name));
    }

    static Metadata metadataOfDirectory(String file, String name) {
        Path source = Shared.data("1-tokenizers/" + file);
        try {
            Path directory = Files.createTempDirectory("tokenizer");
            Path copy = Files.copy(source, directory.resolve(name));
            try {
                return new Metadata(TokenizerFiles.read(directory));
            } finally {
                Files.delete(copy);
                Files.delete(directory);
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** The tokenizer of a model file. */
    static Tokenizer of(String file) {
        return Tokenizers.from(metadata(file));
    }

    static Metadata metadata(String file) {
        Path path = Shared.data(file);
        try (Memory memory = Memory.withBudget(16 << 20);
                WeightSource source = ModelFiles.open(memory, path)) {
            return source.metadata();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** The texts all goldens are about, by id. */
    static Map<Integer, String> prompts() {
        Map<Integer, String> prompts = new LinkedHashMap<>();
        for (JsonNode line : lines("1-tokenizers/prompts.jsonl")) {
            prompts.put(line.get("id").asInt(), line.get("text").asString());
        }
        return prompts;
    }

    static Map<Integer, int[]> ids(String golden) {
        Map<Integer, int[]> ids = new LinkedHashMap<>();
        for (JsonNode line : lines("1-tokenizers/golden/" + golden + ".jsonl")) {
            if (line.has("id")) ids.put(line.get("id").asInt(), ints(line.get("ids")));
        }
        return ids;
    }

    static Map<Integer, String> texts(String golden) {
        Map<Integer, String> texts = new LinkedHashMap<>();
        for (JsonNode line : lines("1-tokenizers/golden/" + golden + ".jsonl")) {
            if (line.has("text"))
                texts.put(line.get("id").asInt(), line.get("text").asString());
        }
        return texts;
    }

    /** A file that comes with llama.cpp: texts and their ids. */
    static Map<String, int[]> pairs(String name) {
        String file = "1-tokenizers/ggml-vocab/ggml-vocab-" + name + ".gguf";
        String[] texts = read(file + ".inp").split("\n__ggml_vocab_test__\n", -1);
        String[] ids = read(file + ".out").split("\n");
        Map<String, int[]> pairs = new LinkedHashMap<>();
        for (int i = 0; i < ids.length; i++) {
            pairs.put(
                    texts[i],
                    Stream.of(ids[i].strip().split(" "))
                            .filter(s -> !s.isEmpty())
                            .mapToInt(Integer::parseInt)
                            .toArray());
        }
        return pairs;
    }

    static JsonNode json(String file) {
        return JSON.readTree(read(file));
    }

    static int[] ints(JsonNode array) {
        int[] ints = new int[array.size()];
        for (int i = 0; i < ints.length; i++) ints[i] = array.get(i).asInt();
        return ints;
    }

    /** Every golden file, without its ending. */
    static List<String> names() {
        try (Stream<Path> files = Files.list(Shared.data("1-tokenizers/golden"))) {
            return files.map(f -> f.getFileName().toString())
                    .filter(f -> f.endsWith(".jsonl"))
                    .map(f -> f.substring(0, f.length() - ".jsonl".length()))
                    .sorted()
                    .toList();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static List<JsonNode> lines(String file) {
        return read(file).lines().map(JSON::readTree).toList();
    }

    private static String read(String file) {
        Path path = Shared.data(file);
        try {
            return Files.readString(path);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
