// SPDX-License-Identifier: Apache-2.0
package dev.jay.model.arch;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.jay.kv.AttentionBatch.Span;
import dev.jay.kv.KvCache;
import dev.jay.kv.KvRecipe;
import dev.jay.model.Adapter;
import dev.jay.model.LayerAttention;
import dev.jay.model.ModelSpec;
import dev.jay.model.Pass;
import dev.jay.model.load.MalformedModelException;
import dev.jay.model.load.Metadata;
import dev.jay.tensor.Steps;
import dev.jay.tensor.format.Floats;
import dev.jay.tensor.kernel.CpuOps;
import dev.jay.tensor.kernel.Numerics;
import dev.jay.tensor.kernel.Workers;
import dev.jay.tensor.memory.Region;
import dev.jay.tensor.memory.Scratch;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ArchitecturesTest {
    private static final List<KvRecipe> RECIPES = Collections.nCopies(RandomModel.LAYERS, KvRecipe.LOSSLESS);

    private Machine machine;
    private RandomModel model;

    @BeforeEach
    void open() {
        machine = new Machine();
        model = new RandomModel(machine.memory, 1, "llama", "f32");
    }

    @AfterEach
    void close() {
        model.close();
        machine.close();
    }

    /** A llama of 8 heads of 16, with some keys written over; null takes one away. */
    private static ModelSpec spec(Map<String, ?> changes) {
        Map<String, Object> keys = new LinkedHashMap<>(Map.of(
                "general.architecture", "llama",
                "llama.block_count", 2L,
                "llama.embedding_length", 128L,
                "llama.attention.head_count", 8L,
                "llama.feed_forward_length", 300L,
                "llama.context_length", 64L,
                "llama.attention.layer_norm_rms_epsilon", 1e-5,
                "tokenizer.ggml.tokens", List.of("a", "b", "c")));
        changes.forEach((key, value) -> {
            if (value.equals("absent")) keys.remove(key);
            else keys.put(key, value);
        });
        Metadata metadata = new Metadata(keys);
        return Architectures.of(metadata).spec(metadata);
    }

    @Test
    void shouldTakeWhatAFileLeavesOutFromTheRest() {
        ModelSpec s = spec(Map.of());
        assertThat(s.kvHeads()).isEqualTo(8);
        assertThat(s.headDim()).isEqualTo(16);
        assertThat(s.vocabulary()).isEqualTo(3);
        assertThat(s.rotary().dim()).isEqualTo(16);
        assertThat(s.rotary().base()).isEqualTo(10_000);
        assertThat(s.rotary().factors()).isEmpty();
        assertThat(spec(Map.of("llama.vocab_size", 5L)).vocabulary()).isEqualTo(5);
        assertThat(spec(Map.of("llama.vocab_size", 2L)).vocabulary()).isEqualTo(3); // it has three tokens
        assertThat(spec(Map.of("llama.rope.scaling.factor", 4.0)).rotary().factors())
                .hasSize(8)
                .containsOnly(4f);
        assertThat(spec(Map.of("llama.rope.scaling.type", "none", "llama.rope.scaling.factor", 4.0))
                        .rotary()
                        .factors())
                .isEmpty();
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = ';',
            value = {
                "llama.block_count; 0; llama.block_count=0, allowed: 1 to 4096",
                "llama.block_count; 2147483647; allowed: 1 to 4096",
                "llama.block_count; 99999999999; 99999999999",
                "llama.embedding_length; -128; embedding_length=-128, allowed: 1 to",
                "llama.embedding_length; 130; llama.attention.head_count=8, allowed: a divisor of embedding_length=130",
                "llama.attention.head_count_kv; 3; head_count_kv=3, allowed: a divisor of attention.head_count=8",
                "llama.attention.head_count_kv; 16; head_count_kv=16, allowed: 1 to 8",
                "llama.attention.key_length; 16000000; key_length=16000000, allowed: at most",
                "llama.attention.value_length; 8; value_length=8, allowed: attention.key_length=16",
                "llama.rope.dimension_count; 7; dimension_count=7, allowed: an even number",
                "llama.rope.dimension_count; 18; dimension_count=18, allowed: 1 to 16",
                "llama.feed_forward_length; 0; feed_forward_length=0",
                "llama.context_length; 0; context_length=0",
                "llama.vocab_size; 0; vocab_size=0",
            })
    void shouldRejectWhenANumberIsNotAllowed(String key, long value, String message) {
        assertThatThrownBy(() -> spec(Map.of(key, value)))
                .isInstanceOf(MalformedModelException.class)
                .hasMessageContaining(message);
    }

    @Test
    void shouldRejectWhenAKeyIsMissingOrUnknown() {
        assertThatThrownBy(() -> spec(Map.of("general.architecture", "mamba")))
                .isInstanceOf(MalformedModelException.class)
                .hasMessageContaining("general.architecture='mamba', known=[llama, qwen2, qwen2moe, qwen3");
        assertThatThrownBy(() -> spec(Map.of("llama.rope.scaling.type", "yarn")))
                .hasMessageContaining("'llama.rope.scaling.original_context_length'");
        assertThatThrownBy(() -> spec(Map.of("llama.rope.scaling.type", "dynamic")))
                .hasMessageContaining("not supported: llama.rope.scaling.type='dynamic', supported=[none, linear");
        assertThatThrownBy(() -> spec(Map.of("llama.rope.freq_base", Double.NaN)))
                .hasMessageContaining("freq_base=NaN");
        assertThatThrownBy(() -> spec(Map.of("tokenizer.ggml.tokens", "absent")))
                .hasMessageContaining("how large its vocabulary is");
        assertThatThrownBy(() -> spec(Map.of("llama.block_count", "absent")))
                .isInstanceOf(MalformedModelException.class)
                .hasMessageContaining("'llama.block_count'");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = ';',
            value = {
                "llama.expert_count; 5000; llama.expert_count=5000, allowed: 0 to 4096",
                "llama.expert_used_count; 9; llama.expert_used_count=9, allowed: 1 to 8",
                "llama.expert_used_count; 0; llama.expert_used_count=0, allowed: 1 to 8",
                "llama.expert_feed_forward_length; -1; expert_feed_forward_length=-1, allowed: 0 to",
                "llama.attention.sliding_window; -4; llama.attention.sliding_window=-4, allowed: 0 to",
                "llama.attention.sliding_window_pattern; -1; sliding_window_pattern=-1, allowed: 0 to",
                "llama.pooling_type; 7; llama.pooling_type=7, allowed: 0 to 4",
                "llama.rope.scaling.original_context_length; 0; original_context_length=0, allowed: 1 to",
                "llama.rope.scaling.factor; -1; llama.rope.scaling.factor=-1.0, allowed: 0.0 to",
                "llama.rope.scaling.attn_factor; 0; llama.rope.scaling.attn_factor=0.0, allowed",
                "llama.rope.freq_base; 1; llama.rope.freq_base=1.0, allowed: more than 1 for YaRN",
            })
    void shouldRejectWhenANumberOfWhatDiffersFromALlamaIsNotAllowed(String key, long value, String message) {
        Map<String, Object> changes = new LinkedHashMap<>(Map.of(
                "llama.expert_count", 8L,
                "llama.expert_used_count", 2L,
                "llama.attention.sliding_window", 16L,
                "llama.attention.sliding_window_pattern", 2L,
                "llama.rope.scaling.type", "yarn",
                "llama.rope.scaling.original_context_length", 32L));
        assertThat(spec(changes).attention()).extracting(LayerAttention::window).containsExactly(16, 0);
        assertThat(spec(changes).experts().hidden()).isEqualTo(300);
        changes.put(key, value);
        assertThatThrownBy(() -> spec(changes))
                .isInstanceOf(MalformedModelException.class)
                .hasMessageContaining(message);
    }

    @Test
    void shouldTakeAPatternOfWindowsLayerByLayer() {
        Map<String, Object> changes = new LinkedHashMap<>(Map.of(
                "llama.attention.sliding_window", 16L, "llama.attention.sliding_window_pattern", List.of(false, true)));
        assertThat(spec(changes).attention()).extracting(LayerAttention::window).containsExactly(0, 16);
        for (List<?> wrong : List.of(List.of(true), List.of("a", "b"))) {
            changes.put("llama.attention.sliding_window_pattern", wrong);
            assertThatThrownBy(() -> spec(changes))
                    .isInstanceOf(MalformedModelException.class)
                    .hasMessageContaining("true or false for each layer");
        }
    }

    private void build(RandomModel of) {
        Architecture architecture = Architectures.of(of.metadata());
        try (Workers workers = Workers.of(1);
                CpuOps ops = new CpuOps(machine.memory, workers, machine.kernels, 1)) {
            architecture.build(architecture.spec(of.metadata()), of, ops, RECIPES);
        }
    }

    private void rejects(String family, Consumer<RandomModel> damage, String message) {
        try (RandomModel damaged = new RandomModel(machine.memory, 1, family, "f16")) {
            build(damaged);
            damage.accept(damaged);
            assertThatThrownBy(() -> build(damaged))
                    .isInstanceOf(MalformedModelException.class)
                    .hasMessageContaining(message);
        }
    }

    @Test
    void shouldRejectWhenATensorIsMissingOrOfAnotherShape() {
        rejects(
                "llama",
                m -> m.remove("blk.1.ffn_up.weight"),
                "lacks the tensor blk.1.ffn_up.weight, which llama needs");
        rejects(
                "llama",
                m -> m.put("blk.0.attn_k.weight", 128, 64),
                "tensor blk.0.attn_k.weight: wanted rows=64, cols=64, got rows=128, cols=64");
        rejects(
                "llama",
                m -> m.put("output_norm.weight", 2, 64),
                "output_norm.weight: wanted rows=1, cols=64, got rows=2");
        rejects("llama", m -> m.put("output.weight", 96, 64), "output.weight: wanted rows=97");
        rejects(
                "llama",
                m -> m.put("blk.0.attn_q.bias", 1, 7),
                "blk.0.attn_q.bias: wanted rows=1, cols=128, got rows=1, cols=7");
        rejects("llama", m -> m.put("rope_freqs.weight", 1, 8), "rope_freqs.weight[");
        rejects("qwen2", m -> m.remove("blk.0.attn_v.bias"), "blk.0.attn_v.bias, which qwen2 needs");
        rejects("llama(mixtral)", m -> m.remove("blk.0.ffn_up_exps.weight"), "ffn_up_exps.weight, which llama needs");
        rejects(
                "llama(mixtral)",
                m -> m.put("blk.0.ffn_gate_exps.weight", 3 * 128, 64),
                "ffn_gate_exps.weight: wanted rows=512, cols=64, got rows=384");
        rejects(
                "phi3",
                m -> m.put("rope_factors_long.weight", 1, 5),
                "rope_factors_long.weight: wanted rows=1, cols=12");
        rejects("phi3", m -> m.remove("rope_factors_long.weight"), "rope_factors_long.weight, which phi3 needs");
        rejects("phi3", m -> m.put("blk.0.attn_qkv.weight", 128, 64), "attn_qkv.weight: wanted rows=256, cols=64");
        rejects("gemma2", m -> m.remove("blk.1.post_ffw_norm.weight"), "post_ffw_norm.weight, which gemma2 needs");
        rejects("qwen3", m -> m.remove("blk.1.attn_k_norm.weight"), "blk.1.attn_k_norm.weight, which qwen3 needs");
    }

    @Test
    void shouldRejectWhenATokenIsNotInTheVocabulary() {
        try (ModelTrial trial = new ModelTrial(machine, model.metadata(), model, "", 1);
                KvCache cache = trial.newCache()) {
            assertThatThrownBy(() -> trial.next(cache, 1, 97))
                    .hasMessageContaining("token=97 at row=1, allowed=[0, 97)");
            assertThatThrownBy(() -> trial.next(cache, -1)).hasMessageContaining("token=-1");
            assertThat(model.isLetGo()).isTrue();
            assertThat(trial.next(cache, 1)).hasSize(97);
        }
    }

    @Test
    void shouldTakeExactlyTheScratchItSays() {
        try (ModelTrial trial = new ModelTrial(machine, model.metadata(), model, "", 1)) {
            for (int rows : new int[] {1, 40, 400}) { // few: attention's partial results weigh most; many: the MLP
                trial.run(
                        Numerics.EXACT, new int[][] {new int[rows]}, Steps.whole(rows), 0); // compares after every step
            }
        }
    }

    @Test
    void shouldAdaptOnlyTheSequencesThatAskForIt() {
        Adapter adapter = (site, rows, x, y) -> {
            if (site.equals("blk.1.ffn_down"))
                for (int i = 0; i < rows * 64; i++) Floats.set(y, i, Floats.get(y, i) + 1);
        };
        List<float[]> none = logits(Adapter.NONE, Adapter.NONE);
        List<float[]> second = logits(Adapter.NONE, adapter);
        assertThat(second.getFirst()).isEqualTo(none.getFirst());
        assertThat(second.getLast()).isNotEqualTo(none.getLast());
        assertThat(logits(adapter, adapter).getLast()).isEqualTo(second.getLast());
    }

    /** Of the last tokens of two sequences of 3 and 2 tokens. */
    private List<float[]> logits(Adapter first, Adapter second) {
        try (ModelTrial trial = new ModelTrial(machine, model.metadata(), model, "", 1);
                KvCache a = trial.newCache();
                KvCache b = trial.newCache();
                Region region = machine.memory.reserve("scratch", trial.transformer.scratchBytes(5, 2))) {
            List<Span> spans = List.of(new Span(a, 0, 3, 0), new Span(b, 3, 2, 0));
            Pass pass = Pass.of(
                    new int[] {5, 6, 7, 8, 9}, spans, new int[] {2, 4}, Numerics.EXACT, new Scratch(region.bytes()));
            float[] both = trial.transformer
                    .run(pass.withAdapters(List.of(first, second)))
                    .toArray(Floats.LAYOUT);
            return List.of(Arrays.copyOf(both, 97), Arrays.copyOfRange(both, 97, 2 * 97));
        }
    }

    @Test
    void shouldRejectWhenAPassIsNotWhole() {
        Scratch scratch = new Scratch(MemorySegment.NULL);
        List<Span> gap = List.of(new Span(null, 1, 1, 0));
        assertThatThrownBy(() -> Pass.of(new int[2], gap, new int[0], Numerics.EXACT, scratch))
                .hasMessageContaining("wanted row=0");
        List<Span> one = List.of(new Span(null, 0, 1, 0));
        assertThatThrownBy(() -> Pass.of(new int[2], one, new int[0], Numerics.EXACT, scratch))
                .hasMessageContaining("tokens=2, rows of spans=1");
        assertThatThrownBy(() -> Pass.of(new int[1], one, new int[] {0, 0}, Numerics.EXACT, scratch))
                .hasMessageContaining("got 0 after 0");
        assertThatThrownBy(() -> Pass.of(new int[1], one, new int[] {1}, Numerics.EXACT, scratch))
                .hasMessageContaining("rows=1: got 1");
    }
}
