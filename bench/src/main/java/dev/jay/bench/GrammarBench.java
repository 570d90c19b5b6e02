// SPDX-License-Identifier: Apache-2.0
package dev.jay.bench;

import dev.jay.engine.sample.grammar.Constraint;
import dev.jay.engine.sample.grammar.Grammar;
import dev.jay.engine.sample.grammar.GrammarMasks;
import dev.jay.engine.sample.grammar.TokenMask;
import dev.jay.engine.sample.grammar.TokenTrie;
import dev.jay.model.load.Gguf;
import dev.jay.model.text.Tokenizer;
import dev.jay.model.text.Tokenizers;
import dev.jay.tensor.memory.Memory;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/**
 * What a grammar costs a token: the mask of the tokens that may come and the step over the one that did, for texts made
 * at random under it. The first text pays for what is then remembered.
 */
@Command(
        name = "grammar",
        mixinStandardHelpOptions = true,
        description = "What a grammar costs a token, by vocabulary; medians, in microseconds.")
public final class GrammarBench implements Callable<Integer> {
    private static final int MOST_TOKENS = 500;
    private static final Map<String, Grammar> GRAMMARS = grammars();

    @Parameters(arity = "0..*", paramLabel = "FILE", description = "GGUF files whose vocabularies are taken besides.")
    private List<Path> files = new ArrayList<>();

    @Option(
            names = "--vocabulary",
            split = ",",
            defaultValue = "32000,128000",
            description = "Sizes of vocabularies made up of syllables (${DEFAULT-VALUE}).")
    private List<Integer> sizes = List.of();

    @Option(names = "--texts", defaultValue = "30", description = "Texts made under each grammar (${DEFAULT-VALUE}).")
    private int texts;

    private static Map<String, Grammar> grammars() {
        Map<String, Grammar> all = new LinkedHashMap<>();
        all.put("any-object", Grammar.ofJsonObject());
        all.put("schema", Grammar.ofJsonSchema("""
            {"type":"object","properties":{"name":{"type":"string"},"age":{"type":"integer","minimum":0,"maximum":150},
             "email":{"type":"string","format":"email"},"kind":{"enum":["red","green","blue"]},
             "tags":{"type":"array","items":{"type":"string","maxLength":40},"maxItems":5},
             "child":{"anyOf":[{"$ref":"#"},{"type":"null"}]}},
             "required":["name","age","kind","child"]}\
            """));
        all.put("pattern", Grammar.ofRegex("([A-Z][a-z]{1,12} ){3,20}(yes|no)\\."));
        all.put("gbnf", Grammar.ofGbnf("""
            root ::= line{1,20}
            line ::= word (" " (word | number | "(" line ")")){0,8} "\\n"
            word ::= [a-z]+
            number ::= [0-9]+ ("." [0-9]+)?
            """));
        return all;
    }

    @Override
    public Integer call() throws IOException {
        System.out.printf(
                "%-24s %-11s %10s %10s %10s %10s %10s %8s%n",
                "vocabulary", "grammar", "compile ms", "first text", "p99", "then", "p99", "heap MB");
        for (int size : sizes) run("syllables " + size, new SyllableTokenizer(size));
        for (Path file : files) {
            try (Memory memory = Memory.withBudget(1 << 30);
                    Gguf model = Gguf.open(memory, file)) {
                run(file.getFileName().toString(), Tokenizers.from(model.metadata()));
            }
        }
        return 0;
    }

    private void run(String name, Tokenizer tokenizer) {
        TokenTrie trie = TokenTrie.of(tokenizer, Set.of());
        Set<Integer> ends = tokenizer.endOfGeneration();
        GRAMMARS.forEach((what, grammar) -> {
            for (int warm = 0; warm < 2; warm++) texts(grammar, trie, ends, 3, new ArrayList<>(), new ArrayList<>());
            long begin = System.nanoTime();
            Grammar again = again(grammar);
            double compile = (System.nanoTime() - begin) / 1e6;
            List<Double> first = new ArrayList<>();
            List<Double> then = new ArrayList<>();
            long heap = texts(again, trie, ends, texts, first, then);
            System.out.printf(
                    Locale.ROOT,
                    "%-24s %-11s %10.1f %10.1f %10.1f %10.1f %10.1f %8.1f%n",
                    name,
                    what,
                    compile,
                    of(first, 0.5),
                    of(first, 0.99),
                    of(then, 0.5),
                    of(then, 0.99),
                    heap / 1e6);
        });
    }

    private static Grammar again(Grammar grammar) {
        return switch (grammar.kind()) {
            case "json-schema" -> Grammar.ofJsonSchema(grammar.source());
            case "regex" -> Grammar.ofRegex(grammar.source());
            default -> Grammar.ofGbnf(grammar.source());
        };
    }

    private static double of(List<Double> micros, double part) {
        double[] sorted = micros.stream().mapToDouble(d -> d).sorted().toArray();
        return sorted.length == 0 ? Double.NaN : sorted[(int) (part * (sorted.length - 1))];
    }

    /** Returns what is remembered at the end, in bytes. */
    private static long texts(
            Grammar grammar, TokenTrie trie, Set<Integer> ends, int count, List<Double> first, List<Double> then) {
        GrammarMasks masks = new GrammarMasks(grammar, trie, 4 << 20);
        for (int i = 0; i < count; i++) text(masks, ends, new Random(i), i == 0 ? first : then);
        return masks.heapBytes();
    }

    private static void text(GrammarMasks masks, Set<Integer> ends, Random random, List<Double> micros) {
        Constraint constraint = new Constraint(masks);
        for (int n = 0; n < MOST_TOKENS && !constraint.state().mustEnd(); n++) {
            long begin = System.nanoTime();
            TokenMask mask = constraint.mask();
            long spent = System.nanoTime() - begin;
            int[] allowed = mask.tokens();
            int token = allowed[random.nextInt(allowed.length)];
            if (ends.contains(token)) return;
            begin = System.nanoTime();
            constraint.accept(token);
            micros.add((System.nanoTime() - begin + spent) / 1e3);
        }
    }

    /** Bytes, then syllables put together with and without a space in front, as vocabularies of languages are shaped. */
    private static final class SyllableTokenizer implements Tokenizer {
        static final int END = 256;
        private final List<byte[]> bytes = new ArrayList<>();

        SyllableTokenizer(int size) {
            for (int i = 0; i < 256; i++) bytes.add(new byte[] {(byte) i});
            bytes.add(new byte[0]);
            String[] marks = {
                "\"", "\",", "\":", "\": \"", "},", "}", "{\"", "[", "]", "],", "\n", "\n  ", "\n    ", ", ", ".", ".\n"
            };
            for (String mark : marks) bytes.add(mark.getBytes(StandardCharsets.UTF_8));
            for (int i = 0; i < 1000; i++) bytes.add(Integer.toString(i).getBytes(StandardCharsets.UTF_8));
            Set<String> seen = new HashSet<>();
            Random random = new Random(1);
            String first = "bcdfghklmnprstvwz";
            String second = "aeiou";
            while (bytes.size() < size) {
                StringBuilder word = new StringBuilder(random.nextInt(5) < 3 ? " " : "");
                for (int n = random.nextInt(5); n >= 0; n--) {
                    word.append(first.charAt(random.nextInt(17))).append(second.charAt(random.nextInt(5)));
                    if (random.nextInt(3) == 0) word.append(first.charAt(random.nextInt(17)));
                }
                if (random.nextInt(20) == 0) word.append(random.nextBoolean() ? "\"" : "\u00e9");
                if (seen.add(word.toString())) bytes.add(word.toString().getBytes(StandardCharsets.UTF_8));
            }
        }

        @Override
        public int[] encode(String text, boolean addSpecial, boolean parseSpecial) {
            throw new UnsupportedOperationException("nothing is read here");
        }

        @Override
        public byte[] bytes(int token) {
            return bytes.get(token);
        }

        @Override
        public String piece(int token) {
            return Arrays.toString(bytes.get(token));
        }

        @Override
        public int size() {
            return bytes.size();
        }

        @Override
        public boolean isControl(int token) {
            return token == END;
        }

        @Override
        public int bos() {
            return -1;
        }

        @Override
        public int eos() {
            return END;
        }

        @Override
        public Set<Integer> endOfGeneration() {
            return Set.of(END);
        }

        @Override
        public boolean addsSpacePrefix() {
            return false;
        }
    }
}
