// SPDX-License-Identifier: Apache-2.0
package dev.jay.model.load;

import dev.jay.tensor.Args;
import dev.jay.tensor.Catalog;
import java.util.function.Function;

/**
 * Every shape a made-up model can have; those with a model's name have its sizes. {@code layers} and {@code vocabulary}
 * may be given: {@code llama-1b(layers=2)}.
 */
public final class SynthShapes {
    // each: layers, dim, heads, KV heads, width of a head, hidden, vocabulary
    public static final Catalog<SynthShape> ALL = Catalog.of(
            "model shape",
            llama("llama-tiny", "0.1 M, for tests", new int[] {2, 64, 4, 2, 16, 160, 512}, 512, 1e4, false),
            llama("llama-mini", "2 M, rows that k-quants fit", new int[] {2, 256, 4, 2, 64, 768, 512}, 512, 1e4, false),
            llama("llama-150m", "150 M", new int[] {16, 768, 12, 4, 64, 2048, 32_000}, 2048, 1e4, false),
            llama("llama-1b", "Llama 3.2 1B", new int[] {16, 2048, 32, 8, 64, 8192, 128_256}, 8192, 5e5, true),
            llama("llama-3b", "Llama 3.2 3B", new int[] {28, 3072, 24, 8, 128, 8192, 128_256}, 8192, 5e5, true),
            llama("llama-8b", "Llama 3 8B", new int[] {32, 4096, 32, 8, 128, 14_336, 128_256}, 8192, 5e5, false),
            qwen2("qwen2-tiny", "0.1 M, for tests", new int[] {2, 64, 4, 2, 16, 160, 512}, 512),
            qwen2("qwen2-0.5b", "Qwen 2.5 0.5B", new int[] {24, 896, 14, 2, 64, 4864, 151_936}, 32_768),
            qwen2("qwen2-1.5b", "Qwen 2.5 1.5B", new int[] {28, 1536, 12, 2, 128, 8960, 151_936}, 32_768),
            qwen3("qwen3-tiny", "0.1 M, for tests", new int[] {2, 64, 4, 2, 32, 160, 512}, 512),
            qwen3("qwen3-0.6b", "Qwen 3 0.6B", new int[] {28, 1024, 16, 8, 128, 3072, 151_936}, 40_960),
            qwen3("qwen3-1.7b", "Qwen 3 1.7B", new int[] {28, 2048, 16, 8, 128, 6144, 151_936}, 40_960));

    private SynthShapes() {}

    private static Catalog.Entry<SynthShape> llama(
            String name, String summary, int[] sizes, int context, double ropeBase, boolean sharesHead) {
        return entry(name, summary, sizes, s -> SynthShape.llama(name, s, context, ropeBase, sharesHead));
    }

    private static Catalog.Entry<SynthShape> qwen2(String name, String summary, int[] sizes, int context) {
        return entry(name, summary, sizes, s -> SynthShape.qwen2(name, s, context));
    }

    private static Catalog.Entry<SynthShape> qwen3(String name, String summary, int[] sizes, int context) {
        return entry(name, summary, sizes, s -> SynthShape.qwen3(name, s, context));
    }

    private static Catalog.Entry<SynthShape> entry(
            String name, String summary, int[] sizes, Function<int[], SynthShape> make) {
        return new Catalog.Entry<>(name, summary, args -> make.apply(resized(sizes, args)));
    }

    private static int[] resized(int[] sizes, Args args) {
        int[] s = sizes.clone();
        s[0] = args.intOf("layers", s[0]);
        s[6] = args.intOf("vocabulary", s[6]);
        return s;
    }
}
