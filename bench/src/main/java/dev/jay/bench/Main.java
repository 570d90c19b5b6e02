// SPDX-License-Identifier: Apache-2.0
package dev.jay.bench;

import dev.jay.bench.kernel.KernelBench;
import dev.jay.bench.kv.KvBench;
import dev.jay.bench.optimize.OptimizersBench;
import dev.jay.bench.overload.OverloadBench;
import dev.jay.bench.serve.ServeBench;
import dev.jay.bench.serve.TenantsBench;
import dev.jay.bench.simulate.SimulateBench;
import dev.jay.bench.start.StartBench;
import dev.jay.bench.stress.StressBench;
import dev.jay.bench.tiny.TinyBench;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

/** The measurements that have a program of their own; {@code ./jay bench NAME} starts it. */
@Command(
        name = "jay bench",
        mixinStandardHelpOptions = true,
        description = "Measurements, side by side in one run; medians of many samples.",
        subcommands = {
            KernelBench.class,
            GemmBench.class,
            GrammarBench.class,
            TrainBench.class,
            PageBench.class,
            PlanBench.class,
            StartBench.class,
            StressBench.class,
            ServeBench.class,
            TenantsBench.class,
            BatchBench.class,
            OverloadBench.class,
            SimulateBench.class,
            TinyBench.class,
            KvBench.class,
            OptimizersBench.class
        },
        footer = {
            "",
            "Examples:",
            "  jay bench kernels --plot ratios.png             every kernel beside what bounds it",
            "  jay bench kernels --kernels gemv --formats q8_0 --threads 1,2 --json",
            "  jay bench gemm --threads 1                      products of float matrices, as training calls them",
            "  jay bench grammar model.gguf                    what a grammar costs a token, by vocabulary",
            "  jay bench pages                                 keys and values in pages and in one run, huge pages or"
                    + " not",
            "  jay bench plan model.gguf --memory 1g,2g        what was planned beside what came of it",
            "  jay bench serve --url http://127.0.0.1:8080    load on a server: tokens/s, first token, gaps",
            "  jay bench overload                             ten times too many clients, in a cgroup of --memory's"
                    + " size",
            "  jay bench simulate trace.jsonl                  the real scheduler on a clock, through a recorded load",
            "  jay bench tenants model.gguf                    what one tenant can tell of another by waiting",
            "  jay bench batch model.gguf --memory 512m        a batch in the order that shares most, beside"
                    + " first-come",
            "  jay bench start --file m.gguf './jay run m.gguf --prompt Hello'",
            "                                                  until the first byte, and memory beside the model's",
            "  jay bench stress --minutes 10                   every kernel under collections, recordings, thread"
                    + " dumps",
            "  jay bench tiny m.gguf --plot recall.png         what a small model recalls, by length, and bits a byte",
            "  jay bench kv m.gguf --text valid.txt            ways to keep keys and values beside f16: quality, bytes,"
                    + " speed",
            "  jay bench train                                 a step of training, beside its products alone",
            "  jay bench optimizers --data texts.txt           every optimiser on the same small model: loss, state,"
                    + " time",
            "  jay bench model model.gguf                      a whole model's prefill and decode"
        })
public final class Main implements Runnable {
    @Spec
    private CommandSpec spec;

    private Main() {}

    public static void main(String[] args) {
        System.exit(new CommandLine(new Main()).execute(args));
    }

    @Override
    public void run() {
        spec.commandLine().usage(spec.commandLine().getOut());
    }
}
