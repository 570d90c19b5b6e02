// SPDX-License-Identifier: Apache-2.0
package dev.jay.app.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.jay.tensor.Shared;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/** {@code ./jay} as a process of its own. */
@DisabledOnOs(OS.WINDOWS)
class LauncherTest {
    private static final Path JAY = Shared.root().resolve("jay");

    @TempDir
    Path folder;

    private record Run(int exit, String out, String err) {}

    private Run sh(Map<String, String> environment, String script) throws IOException, InterruptedException {
        Path out = folder.resolve("out");
        Path err = folder.resolve("err");
        ProcessBuilder builder = new ProcessBuilder("sh", "-c", script)
                .directory(folder.toFile())
                .redirectOutput(out.toFile())
                .redirectError(err.toFile());
        builder.environment().put("HOME", folder.toString());
        builder.environment().putAll(environment);
        Process process = builder.start();
        if (!process.waitFor(240, TimeUnit.SECONDS)) {
            process.destroyForcibly();
            throw new AssertionError("still running after four minutes: " + script);
        }
        return new Run(process.exitValue(), Files.readString(out), Files.readString(err, StandardCharsets.UTF_8));
    }

    private static void assumeBuilt() {
        Assumptions.assumeTrue(
                Files.exists(Shared.root().resolve("app/target/jay/built")), "./jay has not been run: it is not built");
    }

    @Test
    void shouldSayWhatItLookedAtWhenThereIsNoJdk25() throws Exception {
        Path copy = Files.copy(JAY, folder.resolve("jay"));
        // A machine where nothing is: no PATH beyond the tools it needs, and every usual folder hidden by its name.
        String script =
                Files.readString(copy).replace("/usr/lib/jvm/", "/nowhere/").replace("/opt/", "/nowhere/");
        Files.writeString(copy, script);
        Run run = sh(
                Map.of("JAVA_HOME", "/no/such/jdk", "JAY_JAVA_HOME", "", "JAVA25_HOME", "", "PATH", tools()),
                "sh ./jay --version");
        assertThat(run.exit()).isEqualTo(78);
        assertThat(run.err()).contains("JDK 25", "JAY_JAVA_HOME", "/no/such/jdk");
        assertThat(run.out()).isEmpty();
    }

    @Test
    void shouldBuildOnceWhenStartedTwiceAndAfterABuildThatDied() throws Exception {
        Path root = Files.createDirectory(folder.resolve("root"));
        Files.copy(JAY, root.resolve("jay"));
        Files.writeString(root.resolve("pom.xml"), "");
        for (String module : new String[] {"tensor", "kv", "model", "engine", "app"}) {
            Files.createDirectories(root.resolve(module).resolve("src/main"));
            Files.writeString(root.resolve(module).resolve("pom.xml"), "");
        }
        program("jdk/bin/java", "echo ran");
        Files.writeString(folder.resolve("jdk/release"), "JAVA_VERSION=\"25.0.1\"\n");
        program("bin/mvn", "echo built >>" + folder.resolve("builds") + "; sleep 2; mkdir -p app/target/jay/lib");
        Map<String, String> environment = Map.of(
                "JAY_JAVA_HOME",
                folder.resolve("jdk").toString(),
                "PATH",
                folder.resolve("bin") + ":" + System.getenv("PATH"));
        Run both = sh(environment, "sh root/jay & sh root/jay; wait");
        assertThat(both.out()).as(both.err()).isEqualTo("ran\nran\n");
        assertThat(Files.readAllLines(folder.resolve("builds"))).hasSize(1);
        Path lock = Files.createDirectories(root.resolve("target/build.lock"));
        Files.writeString(lock.resolve("pid"), "99999999\n");
        Files.delete(root.resolve("app/target/jay/built"));
        assertThat(sh(environment, "sh root/jay").out()).isEqualTo("ran\n");
        assertThat(Files.readAllLines(folder.resolve("builds"))).hasSize(2);
        assertThat(lock).doesNotExist();
    }

    private void program(String path, String does) throws IOException {
        Path file = folder.resolve(path);
        Files.createDirectories(file.getParent());
        Files.writeString(file, "#!/bin/sh\n" + does + "\n");
        assertThat(file.toFile().setExecutable(true)).isTrue();
    }

    /** A folder with what the launcher calls, and no java in it. */
    private String tools() throws IOException {
        Path bin = Files.createDirectory(folder.resolve("bin"));
        for (String tool : new String[] {"sh", "dirname", "readlink", "find", "head", "sed", "tail", "tr"}) {
            for (String at : new String[] {"/usr/bin/", "/bin/"}) {
                if (Files.exists(Path.of(at + tool)) && !Files.exists(bin.resolve(tool))) {
                    Files.createSymbolicLink(bin.resolve(tool), Path.of(at + tool));
                }
            }
        }
        return bin.toString();
    }

    @Test
    void shouldRefuseTooLittleMemoryBeforeTheJvmStarts() throws Exception {
        assumeBuilt();
        for (String size : new String[] {"100m", "4x", "m", "-1", "99999999999999999999g"}) {
            Run run = sh(Map.of("JAY_MEMORY", size), JAY + " --version");
            assertThat(run.exit()).as(size).isEqualTo(2);
            assertThat(run.err()).contains("--memory '" + size + "'").contains("192m");
        }
    }

    @Test
    void shouldRunFromAnywhereAndThroughALink() throws Exception {
        assumeBuilt();
        Files.createSymbolicLink(folder.resolve("link"), JAY);
        Run run = sh(Map.of("JAY_MEMORY", "300m"), "./link --version 2>&1");
        assertThat(run.exit()).as(run.out()).isZero();
        assertThat(run.out()).contains("JDK 25", "kernels: ");
    }

    @Test
    void shouldRunOnWithAnArchiveOfClassesThatIsBroken() throws Exception {
        assumeBuilt();
        Path broken = Files.writeString(folder.resolve("broken.aot"), "no archive");
        for (Path archive : new Path[] {broken, folder.resolve("absent.aot")}) {
            Run run = sh(Map.of("JAY_JVM_OPTS", "-XX:AOTCache=" + archive), JAY + " --version");
            assertThat(run.exit()).as(run.err()).isZero();
            assertThat(run.out()).startsWith("jay ").doesNotContain("[cds]", "[error]", "[warning]");
        }
    }

    @Test
    void shouldTakeItsClassesFromTheArchive() throws Exception {
        assumeBuilt();
        Assumptions.assumeTrue(
                Files.exists(Shared.root().resolve("app/target/jay/classes.aot")), "the build could make no archive");
        Run run =
                sh(Map.of("JAY_JVM_OPTS", "-XX:AOTMode=on"), JAY + " --version"); // on: an error unless it can be used
        assertThat(run.exit()).as(run.out() + run.err()).isZero();
    }

    /** One of the features that machine code needs may be hidden, by a hypervisor for one. */
    @Test
    void shouldHaveTheVectorApiWhereMachineCodeCannotRun() throws Exception {
        Path list = folder.resolve("cpuinfo");
        Path jay = folder.resolve("jay"); // no pom.xml beside it: nothing is to be built
        Files.writeString(jay, Files.readString(JAY).replace("/proc/cpuinfo", list.toString()));
        program("jdk/bin/java", "echo $*");
        Files.writeString(folder.resolve("jdk/release"), "JAVA_VERSION=\"25.0.1\"\n");
        Map<String, String> environment =
                Map.of("JAY_JAVA_HOME", folder.resolve("jdk").toString());
        String all = "flags\t\t: fpu fma avx f16c bmi1 avx2 bmi2";
        for (String hidden : new String[] {"", " fma", " avx", " f16c", " avx2", " bmi2"}) {
            Files.writeString(
                    list,
                    "model name\t: Some CPU\n"
                            + (all + " ").replace(hidden + " ", " ").strip() + "\n");
            Run run = sh(environment, "sh " + jay + " run");
            assertThat(run.out().contains("jdk.incubator.vector"))
                    .as("hidden:" + hidden + "; " + run)
                    .isEqualTo(!hidden.isEmpty());
        }
    }

    @Test
    void shouldHaveTheVectorApiForWhoeverNamesIt() throws Exception {
        assumeBuilt();
        Path model = Shared.data("0-stories260K/stories260K.gguf");
        Map<String, String> environment = Map.of("MODEL", model.toString());
        for (String named : new String[] {"--kernels vector", "--kernels=vector"}) {
            Run run = sh(environment, JAY + " run $MODEL --prompt 'Once upon' --max-tokens 3 -t 0 " + named);
            assertThat(run.exit()).as(run.err()).isZero();
        }
        assertThat(sh(Map.of("JAY_KERNELS", "vector"), JAY + " run " + model + " -p a --max-tokens 1")
                        .exit())
                .isZero();
    }

    @Test
    void shouldKeepEverythingButTheAnswerOffStandardOutput() throws Exception {
        assumeBuilt();
        Path model = Shared.data("0-stories260K/stories260K.gguf");
        Run run = sh(Map.of("MODEL", model.toString()), JAY + " run $MODEL --prompt 'Once upon' --max-tokens 3 -t 0");
        assertThat(run.exit()).as(run.err()).isZero();
        assertThat(run.out()).isNotEmpty().doesNotContain("\n", "WARNING", "tokens/s");
        Run piped = sh(Map.of("MODEL", model.toString()), JAY + " run $MODEL --prompt 'Once upon' -q | head -c 3");
        assertThat(piped.err()).doesNotContain("Exception", "jay run");
    }
}
