// SPDX-License-Identifier: Apache-2.0
package dev.jay.app.hub;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

class HubTest {
    private static final HubModel MODEL = HubModel.parse("hf:o/r");

    @TempDir
    Path folder;

    private final FakeHub server = new FakeHub();
    private final byte[] weights = random(3_000_000);
    private final List<String> said = new ArrayList<>();
    private long fetched;
    private long toFetch;

    private static byte[] random(int size) {
        byte[] bytes = new byte[size];
        new Random(20261121).nextBytes(bytes);
        return bytes;
    }

    @AfterEach
    void close() {
        server.close();
    }

    private Hub hub(String token, boolean offline) {
        HubAccess access =
                new HubAccess(server.endpoint(), token, folder.resolve("models"), offline, Duration.ofMillis(5));
        return new Hub(access, new Hub.Listener() {
            @Override
            public void fetched(long bytes, long ofBytes, String file) {
                fetched = bytes;
                toFetch = ofBytes;
            }

            @Override
            public void say(String line) {
                said.add(line);
            }
        });
    }

    private Hub hub() {
        return hub("", false);
    }

    private List<String> leftovers() throws IOException {
        try (Stream<Path> all = Files.walk(folder)) {
            return all.filter(Files::isRegularFile)
                    .map(p -> p.getFileName().toString())
                    .filter(n -> n.endsWith(".gguf") || n.endsWith(".part"))
                    .sorted()
                    .toList();
        }
    }

    @Test
    void shouldFetchOnceAndAskNobodyAgain() throws IOException {
        server.with("model-Q8_0.gguf", weights).with("README.md", new byte[10]);
        Path file = hub().find(MODEL);
        assertThat(Files.readAllBytes(file)).isEqualTo(weights);
        assertThat(file).isEqualTo(folder.resolve("models/o/r/" + FakeHub.COMMIT + "/model-Q8_0.gguf"));
        assertThat(List.of(fetched, toFetch)).isEqualTo(List.of(3_000_000L, 3_000_000L));
        int asked = server.asked.size();
        assertThat(hub().find(MODEL)).isEqualTo(file);
        assertThat(hub("", true).find(MODEL)).isEqualTo(file);
        assertThat(hub("", true).find(HubModel.parse("hf:o/r/model-Q8_0.gguf"))).isEqualTo(file);
        assertThat(server.asked).hasSize(asked);
        assertThat(said).isEmpty();
        assertThat(hub().kept()).singleElement().satisfies(k -> {
            assertThat(k.name()).isEqualTo("hf:o/r");
            assertThat(k.bytes()).isBetween(3_000_000L, 3_001_000L);
        });
    }

    @Test
    void shouldTakeWhatIsNewWhenAskedAndFetchNothingTwice() throws IOException {
        server.with("a.gguf", weights);
        Path old = hub().find(MODEL);
        server.commit = "f".repeat(40);
        assertThat(hub().find(MODEL)).isEqualTo(old);
        Path same = hub().update(MODEL);
        assertThat(same.toString()).contains("f".repeat(40));
        assertThat(Files.readAllBytes(same)).isEqualTo(weights);
        assertThat(server.askedOf("store")).isEqualTo(1);
        server.commit = "e".repeat(40);
        server.with("a.gguf", random(10));
        assertThat(Files.size(hub().update(MODEL))).isEqualTo(10);
        assertThat(hub("", true).find(HubModel.parse("hf:o/r@" + FakeHub.COMMIT)))
                .isEqualTo(old);
    }

    @Test
    void shouldGoOnWhereAConnectionWasCutAndAProcessEnded() throws IOException {
        server.with("a.gguf", weights);
        server.fault = FakeHub.Fault.CUT_ONCE;
        assertThat(Files.readAllBytes(hub().find(MODEL))).isEqualTo(weights);
        assertThat(server.asked).anyMatch(a -> a.startsWith("store") && a.contains("bytes="));
        Path file = hub().find(MODEL);
        Path part = file.resolveSibling("a.gguf.part");
        Files.move(file, part);
        try (var channel = Files.newByteChannel(part, StandardOpenOption.WRITE)) {
            channel.truncate(1_234_567);
        }
        server.asked.clear();
        server.fault = FakeHub.Fault.NONE;
        assertThat(Files.readAllBytes(hub().find(MODEL))).isEqualTo(weights);
        assertThat(server.asked).contains("store /a.gguf bytes=1234567-");
        assertThat(leftovers()).containsExactly("a.gguf");
    }

    @ParameterizedTest
    @EnumSource(names = {"IGNORES_RANGES", "BUSY_TWICE"})
    void shouldGetItFromAServerThatDoesNotHelp(FakeHub.Fault fault) throws IOException {
        server.with("a.gguf", weights);
        Path part = folder.resolve("models/o/r/" + FakeHub.COMMIT + "/a.gguf.part");
        Files.createDirectories(part.getParent());
        Files.write(part, new byte[1000]);
        server.fault = fault;
        if (fault == FakeHub.Fault.BUSY_TWICE) Files.delete(part);
        assertThat(Files.readAllBytes(hub().find(MODEL))).isEqualTo(weights);
    }

    @ParameterizedTest
    @CsvSource({
        "WRONG_BYTES, what came has another hash; it was thrown away, 0",
        "TOO_MANY_BYTES, the server sends more than the file's 3000000 bytes, 1",
        "ANOTHER_LENGTH, the server offers 1099511627776 bytes, 1",
        "CUT_ALWAYS, the connection is cut again and again, 1"
    })
    void shouldRefuseWhatIsNotTheFile(FakeHub.Fault fault, String told, int parts) throws IOException {
        server.with("a.gguf", weights);
        server.fault = fault;
        assertThatThrownBy(() -> hub().find(MODEL))
                .isInstanceOf(HubException.class)
                .hasMessageStartingWith("hf:o/r: a.gguf: ")
                .hasMessageContaining(told);
        assertThat(leftovers()).hasSize(parts).doesNotContain("a.gguf");
        server.fault = FakeHub.Fault.NONE;
        assertThat(Files.readAllBytes(hub().find(MODEL))).isEqualTo(weights);
    }

    @Test
    void shouldThrowAwayAPartOfSomethingElse() throws IOException {
        server.with("a.gguf", weights);
        Path part = folder.resolve("models/o/r/" + FakeHub.COMMIT + "/a.gguf.part");
        Files.createDirectories(part.getParent());
        Files.write(part, new byte[1000]);
        assertThatThrownBy(() -> hub().find(MODEL)).hasMessageContaining("another hash");
        assertThat(part).doesNotExist();
        Files.write(part, new byte[4_000_000]);
        server.fault = FakeHub.Fault.ANOTHER_PART;
        assertThat(Files.readAllBytes(hub().find(MODEL))).isEqualTo(weights);
        Files.delete(part.resolveSibling("a.gguf"));
        Files.write(part, new byte[1000]);
        assertThatThrownBy(() -> hub().find(MODEL)).hasMessageContaining("the server offers another part: bytes 999-");
    }

    @Test
    void shouldSendTheTokenToTheHubAlone() throws IOException {
        server.with("a.gguf", weights);
        server.wantedToken = "hf_secret";
        assertThatThrownBy(() -> hub().find(MODEL))
                .hasMessageContaining("answered 401 (Access to model is restricted)")
                .hasMessageContaining("set HF_TOKEN");
        assertThatThrownBy(() -> hub("hf_wrong", false).find(MODEL))
                .hasMessageContaining(
                        "HF_TOKEN may not read it: accept its conditions at " + server.endpoint() + "/o/r")
                .hasMessageNotContaining("hf_wrong");
        server.asked.clear();
        hub("hf_secret", false).find(MODEL);
        assertThat(server.asked).allMatch(a -> a.startsWith("hub") == a.contains("hf_secret"));
        assertThat(server.askedOf("store")).isPositive();
        assertThat(new HubAccess(server.endpoint(), "hf_secret", folder, false, Duration.ZERO).toString())
                .doesNotContain("hf_secret");
    }

    @ParameterizedTest
    @ValueSource(strings = {"file:///etc/passwd", "ftp://x/y", "http://", "::", ""})
    void shouldNotFollowAnywhere(String location) {
        server.with("a.gguf", weights);
        server.redirect = location;
        assertThatThrownBy(() -> hub().find(MODEL))
                .isInstanceOf(HubException.class)
                .hasMessageContaining("redirects");
    }

    @Test
    void shouldNotGoInCircles() {
        server.with("a.gguf", weights);
        server.redirect = "/o/r/resolve/" + FakeHub.COMMIT + "/a.gguf";
        assertThatThrownBy(() -> hub().find(MODEL))
                .hasMessageContaining("too many redirects")
                .hasMessageNotContaining("secret");
    }

    @Test
    void shouldSayWhatIsMissing() {
        assertThatThrownBy(() -> hub().find(HubModel.parse("hf:o/other")))
                .hasMessageContaining(
                        "answered 404; no such repository, revision or file: see " + server.endpoint() + "/o/other");
        assertThatThrownBy(() -> hub("", true).find(MODEL)).hasMessageContaining("--offline was said");
        server.with("a.gguf", weights);
        assertThatThrownBy(() -> hub().find(HubModel.parse("hf:o/r/b.gguf")))
                .hasMessageContaining("hf:o/r/b.gguf: no such file; there are [a.gguf]");
    }

    @Test
    void shouldDisbelieveLists() {
        for (String list : List.of("", "[]", "{", "{\"sha\":\"../x\",\"siblings\":[]}", "[".repeat(100_000))) {
            server.list = list;
            assertThatThrownBy(() -> hub().find(MODEL)).hasMessageContaining("gave no list of files");
        }
        String file = "{\"rfilename\":\"%s\",\"size\":%s,\"lfs\":{\"sha256\":\"%s\"}}";
        String hash = "a".repeat(64);
        for (String each : List.of(
                file.formatted("../../a.gguf", "5", hash),
                file.formatted("/etc/a.gguf", "5", hash),
                file.formatted("a\\\\b.gguf", "5", hash),
                file.formatted("a.gguf", "-5", hash),
                file.formatted("a.gguf", "1e99", hash),
                file.formatted("a.gguf", "5", "not a hash"))) {
            server.list = "{\"sha\":\"" + FakeHub.COMMIT + "\",\"siblings\":[" + each + "]}";
            assertThatThrownBy(() -> hub().find(MODEL)).as(each).hasMessageContaining("no files with sizes and hashes");
        }
        String huge = file.formatted("a.gguf", Long.toString(1L << 60), hash);
        server.list = "{\"sha\":\"" + FakeHub.COMMIT + "\",\"siblings\":[" + huge + "]}";
        assertThatThrownBy(() -> hub().find(MODEL))
                .hasMessageContaining("no room for it on the disk: wanted=" + (1L << 60));
    }

    @Test
    void shouldFetchOnceWhereSeveralWantIt() throws Exception {
        server.with("a.gguf", weights);
        try (ExecutorService threads = Executors.newFixedThreadPool(4)) {
            Callable<Path> one = () -> hub().find(MODEL);
            for (var path : threads.invokeAll(List.of(one, one, one, one))) {
                assertThat(Files.size(path.get())).isEqualTo(weights.length);
            }
        }
        assertThat(server.askedOf("store")).isEqualTo(1);
    }

    @Test
    void shouldTakeFourBitsAmongSeveralAndSaySo() throws IOException {
        server.with("m-Q8_0.gguf", weights)
                .with("m-q4_k_m-00001-of-00002.gguf", random(5))
                .with("m-q4_k_m-00002-of-00002.gguf", random(6))
                .with("mmproj-Q4_K_M.gguf", weights);
        assertThat(hub().find(MODEL).getFileName().toString()).isEqualTo("m-q4_k_m-00001-of-00002.gguf");
        assertThat(leftovers()).containsExactly("m-q4_k_m-00001-of-00002.gguf", "m-q4_k_m-00002-of-00002.gguf");
        assertThat(said).singleElement().asString().contains("taking m-q4_k_m-00001-of-00002.gguf of 2");
        assertThat(Files.size(hub().find(HubModel.parse("hf:o/r/m-Q8_0.gguf")))).isEqualTo(weights.length);
    }

    @Test
    void shouldAskForANameWhereNoneIsBetter() throws IOException {
        server.with("a.gguf", weights).with("b.gguf", weights);
        assertThatThrownBy(() -> hub().find(MODEL)).hasMessageContaining("name one: hf:o/r/FILE of [a.gguf, b.gguf]");
        server.with("c-q8_0.gguf", weights); // newer than what is known here
        assertThat(hub("", false).find(MODEL).getFileName().toString()).isEqualTo("c-q8_0.gguf");
        server.files.clear();
        server.commit = "d".repeat(40);
        server.with("pytorch_model.bin", weights);
        assertThatThrownBy(() -> hub().update(MODEL)).hasMessageContaining("no model that Jay reads");
    }

    @Test
    void shouldTakeSafetensorsWithAllThatBelongsToThem() throws IOException {
        server.with("config.json", random(7))
                .with("tokenizer.json", random(8))
                .with("model.safetensors.index.json", random(9))
                .with("model-00001-of-00002.safetensors", random(10))
                .with("model-00002-of-00002.safetensors", random(11))
                .with("modules.json", random(12))
                .with("1_Pooling/config.json", random(13))
                .with("consolidated.safetensors", weights)
                .with("onnx/model.onnx", weights)
                .with("README.md", weights);
        Path model = hub().find(MODEL);
        assertThat(model).isDirectory();
        try (Stream<Path> all = Files.walk(model).filter(Files::isRegularFile)) {
            assertThat(all.map(p -> model.relativize(p).toString()))
                    .containsExactlyInAnyOrder(
                            "1_Pooling/config.json",
                            "config.json",
                            "modules.json",
                            "tokenizer.json",
                            "model.safetensors.index.json",
                            "model-00001-of-00002.safetensors",
                            "model-00002-of-00002.safetensors");
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "hf:",
                "hf:o",
                "hf:o/",
                "hf:/r",
                "hf:../r",
                "hf:o/..",
                "hf:o/r/",
                "hf:o/r/../x",
                "hf:o/r//x",
                "hf:o/r@/x",
                "hf:o/r/a:b",
                "hf:.o/r",
                "hf:o/r/x.part"
            })
    void shouldRefuseNamesOfNothing(String name) {
        assertThatThrownBy(() -> HubModel.parse(name))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("wanted=hf:OWNER/REPO[@REVISION][/FILE]");
    }

    @Test
    void shouldReadNames() {
        assertThat(HubModel.parse("hf:Qwen/Qwen3-0.6B")).isEqualTo(new HubModel("Qwen", "Qwen3-0.6B", "main", ""));
        HubModel whole = HubModel.parse("hf:o/r@v1.0/UD Q4/a b.gguf");
        assertThat(whole).isEqualTo(new HubModel("o", "r", "v1.0", "UD Q4/a b.gguf"));
        assertThat(HubModel.parse(whole.toString())).isEqualTo(whole);
    }
}
