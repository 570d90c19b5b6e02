// SPDX-License-Identifier: Apache-2.0
package dev.jay.model.arch;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;

/**
 * What a family computes, as its papers and its authors' code say: told once more for tests, in numbers and switches. The
 * definition in double precision and the random models follow it; nothing of the product does.
 */
final class TestFamily {
    /** Where norms stand around a part. */
    enum Norms {
        BEFORE,
        BOTH_SIDES,
        INSIDE,
        AFTER
    }

    /** Over what queries and keys are normed. */
    enum HeadNorms {
        NONE,
        EACH,
        ALL
    }

    static final Map<String, TestFamily> ALL = new LinkedHashMap<>();

    final String name;
    boolean isInterleaved;
    int rotaryDim = RandomModel.HEAD_DIM;
    double base = 1e4;
    double localBase; // 0: as base
    String stretch = "none"; // or linear, yarn, freqs (a tensor), long (two tensors)
    int unturnedEvery; // of so many layers positions turn nothing in the last; 0: in none
    int layers = RandomModel.LAYERS;
    int window; // 0: none
    int windowPeriod = 1; // of so many layers all but the last have it; 1: all have
    double scale = 1 / Math.sqrt(RandomModel.HEAD_DIM);
    double scoreCap;
    double logitCap;
    double embeddingScale = 1; // 0: the root of the width
    double residualScale = 1;
    double logitScale = 1;
    Norms norms = Norms.BEFORE;
    HeadNorms headNorms = HeadNorms.NONE;
    boolean isGelu;
    boolean isGated = true;
    boolean hasBiases; // on q, k, v
    boolean isTied; // the embedding is the head
    boolean isFused; // q k v in one matrix, gate and up in one
    int experts;
    int expertsUsed;
    boolean weighsChosenAlone;
    double expertScale = 1;
    boolean hasSharedExpert;
    boolean isEncoder;
    boolean hasPlaces;

    private TestFamily(String name) {
        this.name = name;
    }

    private static void add(String name, Consumer<TestFamily> how) {
        TestFamily family = new TestFamily(name);
        how.accept(family);
        ALL.put(name, family);
    }

    /** @param name of an architecture, or that and something in brackets */
    static TestFamily of(String name) {
        TestFamily family = ALL.get(name);
        if (family == null) throw new AssertionError("add the family to " + TestFamily.class + ": " + name);
        return family;
    }

    String architecture() {
        int bracket = name.indexOf('(');
        return bracket < 0 ? name : name.substring(0, bracket);
    }

    static List<String> decoders() {
        return ALL.values().stream().filter(f -> !f.isEncoder).map(f -> f.name).toList();
    }

    static List<String> encoders() {
        return ALL.values().stream().filter(f -> f.isEncoder).map(f -> f.name).toList();
    }

    boolean isLocal(int layer) {
        return window > 0 && (windowPeriod == 1 || layer % windowPeriod < windowPeriod - 1);
    }

    boolean isTurned(int layer) {
        return !(isEncoder && hasPlaces) && (unturnedEvery == 0 || (layer + 1) % unturnedEvery != 0);
    }

    static {
        add("llama", f -> {
            f.isInterleaved = true;
            f.rotaryDim = 16;
            f.stretch = "freqs";
        });
        add("llama(mistral)", f -> {
            f.isInterleaved = true;
            f.window = 6;
        });
        add("llama(mixtral)", f -> {
            f.isInterleaved = true;
            f.experts = 4;
            f.expertsUsed = 2;
            f.weighsChosenAlone = true;
        });
        add("llama(llama3)", f -> {
            f.isInterleaved = true;
            f.stretch = "llama3";
        });
        add("qwen2", f -> {
            f.base = 1e6;
            f.hasBiases = true;
            f.isTied = true;
        });
        add("qwen2(yarn)", f -> {
            f.hasBiases = true;
            f.stretch = "yarn";
        });
        add("qwen2moe", f -> {
            f.hasBiases = true;
            f.experts = 5;
            f.expertsUsed = 2;
            f.hasSharedExpert = true;
        });
        add("qwen3", f -> {
            f.headNorms = HeadNorms.EACH;
            f.stretch = "linear";
        });
        add("qwen3moe", f -> {
            f.headNorms = HeadNorms.EACH;
            f.experts = 6;
            f.expertsUsed = 3;
            f.weighsChosenAlone = true;
            f.expertScale = 1.5;
        });
        add("gemma", f -> {
            f.isGelu = true;
            f.embeddingScale = 0;
            f.isTied = true;
        });
        add("gemma2", f -> {
            f.isGelu = true;
            f.embeddingScale = 0;
            f.isTied = true;
            f.norms = Norms.BOTH_SIDES;
            f.window = 5;
            f.windowPeriod = 2;
            f.scoreCap = 1.5;
            f.logitCap = 0.7;
        });
        add("gemma3", f -> {
            f.isGelu = true;
            f.embeddingScale = 0;
            f.isTied = true;
            f.norms = Norms.BOTH_SIDES;
            f.headNorms = HeadNorms.EACH;
            f.window = 5;
            f.windowPeriod = 2;
            f.base = 1e6;
            f.localBase = 1e4;
            f.stretch = "linear";
        });
        add("phi3", f -> {
            f.isFused = true;
            f.rotaryDim = 24;
            f.stretch = "long";
        });
        add("phi3(short)", f -> {
            f.isFused = true;
            f.stretch = "short";
            f.window = 9;
        });
        add("smollm3", f -> {
            f.isInterleaved = true;
            f.layers = 4;
            f.unturnedEvery = 4;
            f.isTied = true;
        });
        add("granite", f -> {
            f.isInterleaved = true;
            f.embeddingScale = 12;
            f.residualScale = 0.22;
            f.scale = 0.1;
            f.logitScale = 1 / 8.0;
            f.isTied = true;
        });
        add("olmo2", f -> {
            f.norms = Norms.INSIDE;
            f.headNorms = HeadNorms.ALL;
        });
        add("bert", f -> {
            f.isEncoder = true;
            f.hasPlaces = true;
            f.norms = Norms.AFTER;
            f.isGated = false;
            f.hasBiases = true;
        });
        add("nomic-bert", f -> {
            f.isEncoder = true;
            f.norms = Norms.AFTER;
            f.base = 1000;
            f.isFused = true;
        });
    }
}
