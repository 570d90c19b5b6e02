// SPDX-License-Identifier: Apache-2.0
package dev.jay.model.arch;

import static org.assertj.core.api.Assertions.assertThat;

import dev.jay.kv.KvRecipe;
import dev.jay.model.ModelSpec;
import dev.jay.model.load.HfFiles;
import dev.jay.model.load.MalformedModelException;
import dev.jay.model.load.MappedWeights;
import dev.jay.model.load.ModelFiles;
import dev.jay.model.load.Synth;
import dev.jay.model.load.WeightSource;
import dev.jay.tensor.kernel.CpuOps;
import dev.jay.tensor.kernel.Workers;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

/** Whatever a config.json says beside sound weights, the model is built or refused in a line; all families. */
class HostileConfigsTest {
    private static final JsonMapper JSON = JsonMapper.shared();
    private static final List<String> VALUES = List.of(
            "null",
            "true",
            "false",
            "0",
            "1",
            "-1",
            "2",
            "3",
            "0.5",
            "-0.0",
            "1e-30",
            "1e300",
            "-1e300",
            "2147483647",
            "2147483648",
            "4294967296",
            "9223372036854775807",
            "99999999999999999999",
            "\"\"",
            "\"gelu\"",
            "\"\\u0000\\n\"",
            "[]",
            "[0]",
            "[1,1]",
            "[-1e9]",
            "[\"sliding_attention\"]",
            "{}",
            "{\"rope_type\":\"yarn\",\"factor\":0}",
            "{\"type\":\"longrope\",\"long_factor\":[0],\"short_factor\":[]}",
            "{\"rope_type\":\"llama3\",\"factor\":1e300,\"low_freq_factor\":1,\"high_freq_factor\":2,"
                    + "\"original_max_position_embeddings\":1e300}");
    /** Keys that configs have or that readers look for, besides those that are there. */
    private static final List<String> BESIDES = List.of(
            "rope_scaling",
            "rope_parameters",
            "rope_theta",
            "partial_rotary_factor",
            "head_dim",
            "sliding_window",
            "layer_types",
            "quantization_config",
            "text_config",
            "hidden_act",
            "activation_function",
            "max_trained_positions",
            "tie_word_embeddings",
            "type_vocab_size",
            "layer_norm_eps",
            "is_decoder");

    private static final int TRIES = 40;

    @TempDir
    private Path folder;

    static Stream<String> shapes() {
        return Stream.concat(ModelsPage.safetensorsShapes().stream(), Stream.of("llama-tiny", "mixtral-tiny"))
                .distinct();
    }

    @ParameterizedTest
    @MethodSource("shapes")
    void shouldBuildOrRefuse(String shape) throws IOException {
        Path gguf = folder.resolve("m.gguf");
        Synth.write(shape, "f16", 42, gguf);
        try (Machine machine = new Machine("scalar")) {
            Path model = folder.resolve("hf");
            try (WeightSource source = ModelFiles.open(machine.memory, gguf)) {
                HfFiles.write(model, source, Map.of(), false, 1, 0);
            }
            ObjectNode sound = (ObjectNode) JSON.readTree(Files.readString(model.resolve("config.json")));
            assertThat(isBuilt(machine, model)).isTrue();
            List<String> keys = new ArrayList<>(sound.propertyNames());
            keys.addAll(BESIDES);
            Random random = new Random(20261121);
            int built = 0;
            for (int i = 0; i < TRIES; i++) {
                ObjectNode config = sound.deepCopy();
                for (int j = random.nextInt(3); j >= 0; j--) {
                    JsonNode value = JSON.readTree(VALUES.get(random.nextInt(VALUES.size())));
                    config.set(keys.get(random.nextInt(keys.size())), value);
                }
                Files.writeString(model.resolve("config.json"), JSON.writeValueAsString(config));
                try {
                    if (isBuilt(machine, model)) built++;
                } catch (RuntimeException | Error e) {
                    throw new AssertionError(shape + ": " + config, e);
                }
                assertThat(machine.memory.byPurpose()).doesNotContainKey("weights-vectors");
            }
            // all refused, or none, would tell nothing
            assertThat(built).isBetween(1, TRIES - 1);
        }
    }

    private static boolean isBuilt(Machine machine, Path model) throws IOException {
        try (WeightSource source = ModelFiles.open(machine.memory, model);
                Workers workers = Workers.of(1);
                CpuOps ops = new CpuOps(machine.memory, workers, machine.kernels, 1)) {
            Architecture architecture = Architectures.of(source.metadata());
            ModelSpec spec = architecture.spec(source.metadata());
            List<KvRecipe> recipes =
                    Collections.nCopies(spec.kvShape().streams().size(), KvRecipe.LOSSLESS);
            architecture.build(spec, new MappedWeights(source), ops, recipes).scratchBytes(3, 1);
            return true;
        } catch (MalformedModelException refused) {
            assertThat(refused.getMessage().lines()).as(refused.getMessage()).hasSize(1);
            return false;
        }
    }
}
