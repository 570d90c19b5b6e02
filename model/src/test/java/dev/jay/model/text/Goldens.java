// SPDX-License-Identifier: Apache-2.0
package dev.jay.model.text;

import dev.jay.model.load.Metadata;
import dev.jay.model.load.ModelFiles;
import dev.jay.model.load.WeightSource;
import dev.jay.tensor.Shared;
import dev.jay.tensor.memory.Memory;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.Comparator;
import java.util.HashMap;
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
        Path source = Shared.data("1-tokenizers/" + file);
        try {
            Path directory = Files.createTempDirectory("tokenizer");
            Path copy = Files.copy(source, directory.resolve(name));
            try {
                return Tokenizers.ofDirectory(directory);
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
        Path path = Shared.data(file);
        try (Memory memory = Memory.withBudget(16 << 20);
                WeightSource source = ModelFiles.open(memory, path)) {
            return Tokenizers.from(source.metadata());
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

    /**
     * A tokenizer of tiktoken's ranks, written as converters to GGUF write it: the merges of a token are all its halves
     * that are tokens, in the order of the token's rank and then of the halves'.
     */
    static Tokenizer ofRanks(String name, String pre) {
        List<byte[]> tokens = new ArrayList<>();
        Map<String, Integer> ranks = new HashMap<>();
        for (String line : read("1-tokenizers/tiktoken/" + name + ".tiktoken").split("\n")) {
            byte[] token = Base64.getDecoder().decode(line.substring(0, line.indexOf(' ')));
            int rank = Integer.parseInt(line.substring(line.indexOf(' ') + 1).strip());
            while (tokens.size() < rank)
                tokens.add(("<|hole " + tokens.size() + "|>").getBytes(StandardCharsets.UTF_8));
            tokens.add(token);
            ranks.put(letters(token), rank);
        }
        List<String> merges = new ArrayList<>();
        for (byte[] token : tokens) {
            List<int[]> halves = new ArrayList<>();
            for (int cut = 1; cut < token.length; cut++) {
                Integer left = ranks.get(letters(Arrays.copyOf(token, cut)));
                Integer right = ranks.get(letters(Arrays.copyOfRange(token, cut, token.length)));
                if (left != null && right != null) halves.add(new int[] {left, right});
            }
            halves.sort(Comparator.<int[]>comparingInt(h -> h[0]).thenComparingInt(h -> h[1]));
            for (int[] h : halves) merges.add(letters(tokens.get(h[0])) + " " + letters(tokens.get(h[1])));
        }
        return Tokenizers.from(new Metadata(Map.of(
                "tokenizer.ggml.model",
                "gpt2",
                "tokenizer.ggml.pre",
                pre,
                "tokenizer.ggml.tokens",
                tokens.stream().map(Goldens::letters).toList(),
                "tokenizer.ggml.merges",
                merges)));
    }

    private static String letters(byte[] bytes) {
        byte[] out = new byte[2 * bytes.length];
        return new String(out, 0, ByteLetters.write(bytes, 0, bytes.length, out), StandardCharsets.UTF_8);
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
