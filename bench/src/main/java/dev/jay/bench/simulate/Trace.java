// SPDX-License-Identifier: Apache-2.0
package dev.jay.bench.simulate;

import dev.jay.engine.Request;
import dev.jay.engine.sample.Sampling;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Recorded requests: when each came, what it began with, and how long its answer was. */
record Trace(List<Arrival> arrivals) {
    /** Tokens of prompts are below it; answers have it and nothing else, so that no prompt goes on like an answer. */
    static final int ANSWER = 256;

    private static final int BLOCK = 512; // tokens that one of Mooncake's hash ids stands for
    private static final int DIGITS = 3; // of a hash
    private static final Pattern FIELD = Pattern.compile("\"(\\w+)\":\\s*(\\[[^]]*]|[0-9.]+)");

    /** @param nanos after the trace's beginning */
    record Arrival(long nanos, int[] prompt, int answer) {
        /** For an engine of any model: what is answered is always the same. */
        Request request() {
            return Request.of(prompt)
                    .withSampling(Sampling.GREEDY.withLogitBias(Map.of(ANSWER, 1e9f)))
                    .withIgnoreEos(true)
                    .withMaxTokens(answer);
        }
    }

    /**
     * Reads JSON lines as Mooncake's traces have them (ids of blocks of 512 tokens) or LLMServingSim's of ShareGPT
     * (tokens). Who shared a beginning still shares it.
     *
     * @param scale tokens of the trace that are one here
     * @param most  requests
     */
    static Trace read(Path file, int scale, int most) throws IOException {
        if (scale < 1 || BLOCK % scale != 0 || scale > BLOCK / 4) {
            throw new IllegalArgumentException("trace: scale=" + scale + ", allowed: 1, 2, 4, to " + BLOCK / 4);
        }
        List<Arrival> all = new ArrayList<>();
        for (String line : Files.readAllLines(file)) {
            if (all.size() < most) all.add(arrival(line, scale));
        }
        if (all.isEmpty()) throw new IllegalArgumentException("trace: no requests in " + file);
        return new Trace(List.copyOf(all));
    }

    private static Arrival arrival(String line, int scale) {
        int[] prompt = {};
        long nanos = 0;
        int answer = 0;
        Matcher m = FIELD.matcher(line);
        while (m.find()) {
            String value = m.group(2);
            switch (m.group(1)) {
                case "hash_ids" -> prompt = spelled(numbers(value), BLOCK / scale);
                case "input_tok_ids" -> prompt = thinned(numbers(value), scale);
                case "timestamp" -> nanos = Long.parseLong(value) * 1_000_000;
                case "arrival_time_ns" -> nanos = Long.parseLong(value);
                case "output_length", "output_toks" -> answer = Math.max(1, Integer.parseInt(value) / scale);
                default -> {}
            }
        }
        if (prompt.length == 0 || answer == 0) {
            throw new IllegalArgumentException("trace: a line has no hash_ids or input_tok_ids, or no output_length or"
                    + " output_toks: " + line.substring(0, Math.min(80, line.length())));
        }
        return new Arrival(nanos, prompt, answer);
    }

    private static int[] numbers(String array) {
        return Pattern.compile("[,\\s]+")
                .splitAsStream(array.substring(1, array.length() - 1))
                .mapToInt(Integer::parseInt)
                .toArray();
    }

    /** A block as so many small tokens: the digits of its id, again and again. */
    private static int[] spelled(int[] ids, int length) {
        int[] tokens = new int[ids.length * length];
        for (int i = 0; i < tokens.length; i++) tokens[i] = ids[i / length] >>> 8 * (i % length % 4) & 0xff;
        return tokens;
    }

    /** Some tokens as the digits of their hash, as many as the scale leaves. */
    private static int[] thinned(int[] ids, int scale) {
        int group = DIGITS * scale;
        int[] tokens = new int[DIGITS * Math.ceilDiv(ids.length, group)];
        for (int i = 0; i < tokens.length; i++) {
            int from = i / DIGITS * group;
            int hash = Arrays.hashCode(Arrays.copyOfRange(ids, from, Math.min(ids.length, from + group)));
            tokens[i] = hash >>> 8 * (i % DIGITS) & 0xff;
        }
        return tokens;
    }
}
