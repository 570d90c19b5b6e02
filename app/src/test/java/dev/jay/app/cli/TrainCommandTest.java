// SPDX-License-Identifier: Apache-2.0
package dev.jay.app.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.jay.engine.Model;
import dev.jay.engine.Perplexity;
import dev.jay.model.load.ModelFiles;
import dev.jay.model.load.WeightSource;
import dev.jay.model.text.Tokenizers;
import dev.jay.tensor.kernel.Cpu;
import dev.jay.tensor.kernel.CpuOps;
import dev.jay.tensor.kernel.KernelChoice;
import dev.jay.tensor.kernel.KernelProviders;
import dev.jay.tensor.kernel.Numerics;
import dev.jay.tensor.kernel.Precision;
import dev.jay.tensor.kernel.Workers;
import dev.jay.tensor.memory.Memory;
import dev.jay.train.Recipe;
import dev.jay.train.TrainModel;
import dev.jay.train.TrainedFile;
import dev.jay.train.block.Batch;
import dev.jay.train.block.Parameters;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TrainCommandTest {
    private static final String STORY =
            "Once upon a time there were 3 little cats. The cats sat on the mat, and the mat was red. ";

    @TempDir
    private Path folder;

    private final ByteArrayOutputStream out = new ByteArrayOutputStream();
    private final ByteArrayOutputStream err = new ByteArrayOutputStream();

    private int jay(String... args) {
        out.reset();
        err.reset();
        Shell shell = Shell.ofProcess(
                new ByteArrayInputStream(new byte[0]),
                new Output(out),
                new PrintStream(err, true, StandardCharsets.UTF_8),
                Map.of("HOME", folder.toString()),
                Map.of());
        return Jay.commandLine(shell, args).execute(args);
    }

    private String complained() {
        return err.toString(StandardCharsets.UTF_8);
    }

    private String file(String name) {
        return folder.resolve(name).toString();
    }

    @Test
    void shouldLearnATokenizer() throws IOException {
        Files.writeString(folder.resolve("text.txt"), STORY.repeat(5));
        assertThat(jay("train-tokenizer", file("text.txt"), "--vocabulary", "270", "--out", file("t.gguf")))
                .as(complained())
                .isZero();
        assertThat(complained()).contains("t.gguf: 270 tokens").contains("100% merging");
        assertThat(jay("show", file("t.gguf"), "--json")).isZero();
        assertThat(jay("train-tokenizer", file("none.txt"), "--out", file("t.gguf")))
                .isEqualTo(66);
        assertThat(complained()).contains("no such file");
        assertThat(jay("train-tokenizer", file("text.txt"), "--vocabulary", "9000", "--out", file("u.gguf")))
                .isEqualTo(2);
        assertThat(complained()).contains("the texts give only");
        assertThat(folder.resolve("u.gguf")).doesNotExist();
    }

    private String recipe(String more) throws IOException {
        Files.writeString(folder.resolve("text.txt"), STORY.repeat(40));
        jay("train-tokenizer", file("text.txt"), "--vocabulary", "280", "--out", file("t.gguf"));
        String lines = "name = cats\ntokenizer = t.gguf\ndata = text.txt\nvalid = text.txt\nwidth = 64\nlayers = 2\n"
                + "heads = 4\nkv-heads = 2\nhead-width = 16\nffn = 96\ncontext = 64\nlength = 32\nsequences = 4\n"
                + "steps = 30\nrate = 0.01\nvalid-every = 10\nvalid-batches = 2\nsample-every = 30\n"
                + "checkpoint-every = 10\nsample-tokens = 8\n";
        return Files.writeString(folder.resolve("cats.properties"), lines + more)
                .toString();
    }

    /** What was trained is what is served: the same losses, token by token, from the file as from the trainer. */
    @Test
    void shouldTrainAModelThatRuns() throws IOException {
        assertThat(jay("train", recipe(""))).as(complained()).isZero();
        Path run = folder.resolve("cats");
        assertThat(complained()).contains("step 30/30 loss", "bits a byte", "tokens/s", "step 30: Once upon a time[");
        assertThat(run.toFile().list())
                .contains("curves.csv", "curves.png", "samples.txt", "cats-f32.gguf", "cats-q8_0.gguf");
        List<String> rows = Files.readAllLines(run.resolve("curves.csv"));
        assertThat(rows).hasSize(31);
        double first = Double.parseDouble(rows.get(1).split(",")[1]);
        double last = Double.parseDouble(rows.get(30).split(",")[6]);
        assertThat(last).isLessThan(first / 2);
        double plain = surprise(run.resolve("cats-f32.gguf"));
        assertThat(plain).isCloseTo(trained(run.resolve("cats-f32.gguf")), within(2e-4));
        assertThat(surprise(run.resolve("cats-q8_0.gguf"))).isCloseTo(plain, within(0.05));
        assertThat(jay(
                        "run",
                        run.resolve("cats-q8_0.gguf").toString(),
                        "--prompt",
                        "The cats",
                        "--max-tokens",
                        "4",
                        "-q"))
                .as(complained())
                .isZero();
    }

    /** The mean surprise of the story's tokens, as the engine has it. */
    private static double surprise(Path model) throws IOException {
        try (Model opened = Model.open(model)) {
            int length = opened.tokenize(STORY).length;
            return Math.log(
                    Perplexity.measure(opened, STORY, length, Perplexity.Method.EVERY_TOKEN, Numerics.EXACT, p -> {})
                            .perplexity());
        }
    }

    /** The same, as training has it. */
    private static double trained(Path model) throws IOException {
        try (Memory memory = Memory.withBudget(64 << 20);
                Workers workers = Workers.of(1);
                KernelChoice kernels = KernelProviders.choose(Cpu.detect(), null, memory);
                CpuOps ops = new CpuOps(memory, workers, kernels, 1);
                WeightSource source = ModelFiles.open(memory, model)) {
            int[] tokens = Tokenizers.from(source.metadata()).encode(STORY, true, false);
            int n = tokens.length - 1;
            Recipe.Shape shape = new Recipe.Shape(64, 2, 4, 2, 16, 96, 64, 50000);
            try (Parameters parameters = new Parameters(shape.spec(280), true, memory)) {
                TrainedFile.read(source, parameters);
                try (TrainModel trained =
                        new TrainModel(parameters, ops, Precision.F32, new TrainModel.Size(1, n, false), memory)) {
                    int[] targets = Arrays.copyOfRange(tokens, 1, n + 1);
                    return trained.loss(new Batch(n, Arrays.copyOf(tokens, n), targets));
                }
            }
        }
    }

    /** Cut off behind a checkpoint and begun again, a run ends in the same file as one that was left alone. */
    @Test
    void shouldGoOnWhereItWasStopped() throws IOException {
        String recipe = recipe("skills = 0.5\nskills-alone = 3\n");
        assertThat(jay("train", recipe, "--out", file("whole")))
                .as(complained())
                .isZero();
        assertThat(jay("train", recipe, "--out", file("parts")))
                .as(complained())
                .isZero();
        Path parts = folder.resolve("parts");
        Files.delete(parts.resolve("step-00000030.checkpoint"));
        Files.delete(parts.resolve("cats-f32.gguf"));
        assertThat(jay("train", recipe, "--out", file("parts")))
                .as(complained())
                .isZero();
        assertThat(complained()).contains("step 21/30").doesNotContain("step 20/30");
        assertThat(parts.resolve("cats-f32.gguf")).hasSameBinaryContentAs(folder.resolve("whole/cats-f32.gguf"));
        assertThat(Files.readAllLines(parts.resolve("curves.csv"))).hasSize(31);
        assertThat(jay("train", recipe, "--out", file("parts"), "--set", "rate=0.02"))
                .isEqualTo(1);
        assertThat(complained()).contains("it is of another run");
    }

    /** Sequences grow on the way; a changed recipe goes on only when that is said, and it is written down. */
    @Test
    void shouldGoOnWithAChangedRecipe() throws IOException {
        String recipe = recipe("length = 8, 16@4, 32@8\nskills = 0.5\nsteps = 10\n");
        assertThat(jay("train", recipe)).as(complained()).isZero();
        Path run = folder.resolve("cats");
        List<String> rows = Files.readAllLines(run.resolve("curves.csv"));
        assertThat(rows.get(10)).contains(",1280,"); // 4 sequences of 32 tokens in every step
        assertThat(jay("train", recipe, "--set", "steps=14")).isEqualTo(1);
        assertThat(jay("train", recipe, "--set", "steps=14", "--changed"))
                .as(complained())
                .isZero();
        assertThat(Files.readAllLines(run.resolve("curves.csv"))).hasSize(15).startsWith(rows.toArray(new String[0]));
        assertThat(Files.readAllLines(run.resolve("recipes.txt")))
                .satisfiesExactly(
                        first -> assertThat(first).startsWith("after step 0: ").contains(" steps=10 "),
                        next -> assertThat(next).startsWith("after step 10: ").contains(" steps=14 "));
        assertThat(jay("train", recipe, "--set", "width=32", "--set", "head-width=8", "--changed"))
                .isEqualTo(1);
        assertThat(complained()).contains("wanted the same shape");
        for (String wrong : List.of("32@5", "8,32@0", "12,32@3", "1", "32,8@x", "8@0,8@0")) {
            assertThat(jay("train", recipe, "--set", "length=" + wrong)).isEqualTo(2);
            assertThat(complained()).contains("length = " + wrong + ", allowed:");
        }
    }

    /** Below what it needs nothing is begun; told what would fit, and given that, it runs within it. */
    @Test
    void shouldKeepToItsMemory() throws IOException {
        String recipe = recipe("width = 64\nsteps = 2\nsequences = 64\nlength = 64\noffload = no\n");
        assertThat(jay("train", recipe)).as(complained()).isZero();
        assertThat(complained()).contains("pass=").doesNotContain("computed again");
        long all = wanted(recipe, 1 << 20);
        assertThat(jay("train", recipe, "--out", file("exact"), "--memory", process(all + (2 << 20))))
                .as(complained())
                .isZero();
        assertThat(complained()).contains("computed again on the way back");
        String half = process(all * 2 / 3);
        assertThat(jay("train", recipe, "--out", file("half"), "--memory", half))
                .isEqualTo(ExitCode.NO_ROOM.code());
        assertThat(complained()).contains("would fit: sequences=");
        assertThat(folder.resolve("half/curves.csv")).doesNotExist();
        String[] fits = complained().replaceAll("(?s).*would fit: |, in .*", "").split(", ");
        assertThat(jay("train", recipe, "--out", file("half"), "--memory", half, "--set", fits[0], "--set", fits[1]))
                .as(complained())
                .isZero();
    }

    /** Activations kept, computed again or in a file: the same model, and the file is gone. */
    @Test
    void shouldLearnTheSameWhereverActivationsAre() throws IOException {
        String recipe = recipe("steps = 6\n");
        for (String how : new String[] {"offload=no", "offload=yes", "recompute=yes"}) {
            assertThat(jay("train", recipe, "--out", file(how), "--set", how))
                    .as(complained())
                    .isZero();
            assertThat(complained().contains("activations wait in a file")).isEqualTo(how.equals("offload=yes"));
            assertThat(folder.resolve(how + "/cats-f32.gguf"))
                    .hasSameBinaryContentAs(folder.resolve("offload=no/cats-f32.gguf"));
            assertThat(folder.resolve(how).toFile().list()).noneMatch(name -> name.endsWith(".part"));
        }
        assertThat(jay("train", recipe, "--set", "offload=yes", "--set", "recompute=yes"))
                .isEqualTo(2);
        assertThat(complained()).contains("offload = yes, allowed: not yes where recompute is");
    }

    /** What it says that it needs, where it is given next to nothing. */
    private long wanted(String recipe, long offHeap) {
        jay("train", recipe, "--out", file("none"), "--memory", process(offHeap + (4 << 20)));
        return Long.parseLong(complained().replaceAll("(?s).*wanted=(\\d+) bytes.*", "$1"));
    }

    /** The memory of a process that leaves so much beside Java's heap. */
    private static String process(long offHeap) {
        return String.valueOf(offHeap + Runtime.getRuntime().maxMemory());
    }

    @Test
    void shouldRefuseWhatARecipeMayNotSay() throws IOException {
        String recipe = recipe("");
        assertThat(jay("train", recipe, "--set", "layer=3")).isEqualTo(2);
        assertThat(complained()).contains("unknown key 'layer'").contains("layers");
        assertThat(jay("train", recipe, "--set", "kv-heads=3")).isEqualTo(2);
        assertThat(complained()).contains("kv-heads = 3, allowed: a divisor of heads, 4");
        assertThat(jay("train", recipe, "--set", "length=128")).isEqualTo(2);
        assertThat(complained()).contains("length = 128, allowed: at most the context, 64");
        assertThat(jay("train", recipe, "--set", "optimizer=lion")).isEqualTo(2);
        assertThat(complained()).contains("known=[adamw, sgd");
        assertThat(jay("train", file("none.properties"))).isEqualTo(66);
        assertThat(jay("train", recipe, "--set", "data=none.txt")).isEqualTo(66);
        assertThat(jay("train", "--keys")).isZero();
        assertThat(out.toString(StandardCharsets.UTF_8)).contains("rope-base = 50000");
    }
}
