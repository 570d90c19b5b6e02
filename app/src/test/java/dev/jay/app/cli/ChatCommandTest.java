// SPDX-License-Identifier: Apache-2.0
package dev.jay.app.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermission;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** Conversations over plain lines, and the orders in them. */
class ChatCommandTest {
    @TempDir
    private Path folder;

    private final ByteArrayOutputStream out = new ByteArrayOutputStream();
    private final ByteArrayOutputStream err = new ByteArrayOutputStream();

    private int chat(List<String> more, String... lines) throws IOException {
        out.reset();
        err.reset();
        Path model = folder.resolve("tiny.gguf");
        if (!Files.exists(model)) Child.model(folder);
        Shell shell = Shell.ofProcess(
                new ByteArrayInputStream(String.join("\n", lines).getBytes(StandardCharsets.UTF_8)),
                new Output(out),
                new PrintStream(err, true, StandardCharsets.UTF_8),
                Map.of("HOME", folder.toString()),
                Map.of());
        List<String> args = new ArrayList<>(List.of("chat", model.toString(), "--max-tokens", "6", "-t", "0"));
        args.addAll(more);
        String[] all = args.toArray(String[]::new);
        return Jay.commandLine(shell, all).execute(all);
    }

    private String complained() {
        return err.toString(StandardCharsets.UTF_8);
    }

    private JsonNode saved(String name) throws IOException {
        return JsonMapper.shared()
                .readTree(Files.readString(folder.resolve(name)))
                .path("messages");
    }

    @Test
    void shouldSaveAConversationAndGoOnWithIt() throws IOException {
        Path file = folder.resolve("talk.json");
        assertThat(chat(List.of("--system", "You are terse."), "Hello", "/save " + file, "Again", "/save " + file))
                .as(complained())
                .isZero();
        JsonNode messages = saved("talk.json");
        assertThat(messages.valueStream().map(m -> m.path("role").stringValue()))
                .containsExactly("system", "user", "assistant", "user", "assistant");
        if (Files.getFileStore(folder).supportsFileAttributeView("posix")) {
            assertThat(Files.getPosixFilePermissions(file))
                    .isEqualTo(Set.of(PosixFilePermission.OWNER_READ, PosixFilePermission.OWNER_WRITE));
        }
        String answers = out.toString(StandardCharsets.UTF_8);
        String copy = folder.resolve("copy.json").toString();
        assertThat(chat(List.of(), "/load " + file, "/undo", "Again", "/save " + copy))
                .isZero();
        assertThat(answers).endsWith(out.toString(StandardCharsets.UTF_8)); // the same question, the same answer
        assertThat(saved("copy.json")).isEqualTo(messages);
    }

    @Test
    void shouldKeepTheConversationWhereAFileIsNone() throws IOException {
        Path none = Files.writeString(
                folder.resolve("none.json"), "{\"messages\":[{\"role\":\"king\",\"content\":\"a\"}]}");
        Path text = Files.writeString(folder.resolve("text.txt"), "not one");
        Path kept = folder.resolve("kept.json");
        assertThat(chat(
                        List.of(),
                        "Hello",
                        "/load " + none,
                        "/load " + text,
                        "/load " + folder.resolve("absent"),
                        "/load " + folder,
                        "/save " + text,
                        "/save " + kept))
                .isZero();
        assertThat(complained())
                .contains("message 0 must have a role", "not sound JSON", "no such file", "saved, messages: 2");
        assertThat(text).hasContent("not one");
        assertThat(saved("kept.json").size()).isEqualTo(2);
    }

    @Test
    void shouldTellTokensAndMemory() throws IOException {
        assertThat(chat(List.of(), "/stats", "Hello", "/stats")).isZero();
        assertThat(complained()).contains("of 512 tokens", "last answer: 6 tokens", "weights", "java-heap");
    }

    @Test
    void shouldTakeOrdersWithoutTheirArgumentForMistakes() throws IOException {
        assertThat(chat(List.of(), "/save", "/system", "/what", "/help", "/exit", "/load never"))
                .isZero();
        assertThat(complained())
                .contains("/save needs a FILE", "/system needs a TEXT", "unknown: /what", "/undo")
                .doesNotContain("never");
    }

    @Test
    void shouldForgetWhenTold() throws IOException {
        Path file = folder.resolve("talk.json");
        chat(List.of("--system", "S"), "Hello", "/clear", "/save " + file);
        assertThat(saved("talk.json").size()).isEqualTo(1);
        chat(List.of("--system", "S"), "Hello", "/system T", "/save " + file);
        assertThat(saved("talk.json").at("/0/content").stringValue()).isEqualTo("T");
    }

    @Test
    void shouldReadTextsOfSeveralLines() throws IOException {
        Path file = folder.resolve("talk.json");
        chat(List.of(), "one \\", "two", "/save " + file, "\"\"\"", "a", "", " b\"\"\"", "/save " + file);
        assertThat(saved("talk.json").at("/0/content").stringValue()).isEqualTo("one \ntwo");
        assertThat(saved("talk.json").at("/2/content").stringValue()).isEqualTo("a\n\n b");
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "a", "\"a\"", "\"\"\"a\"\"\"", "  \"\"\"a\nb\"\"\"  ", "a\\\nb", "\"\"\"\"\"\""})
    void shouldKnowWhatIsWhole(String typed) {
        assertThat(Multiline.isWhole(typed)).isTrue();
    }

    @ParameterizedTest
    @ValueSource(strings = {"a\\", "\"\"\"", "\"\"\"a", "\"\"\"a\n\"\"", "a\\\nb\\"})
    void shouldKnowWhatGoesOn(String typed) {
        assertThat(Multiline.isWhole(typed)).isFalse();
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '`', textBlock = """
        a "quoted" word   | a "quoted" word
        \"\"\"a b\"\"\"     | a b
        \"\"\"never ended    | never ended
        C:\\dir            | C:\\dir
        """)
    void shouldTellWhatIsMeant(String typed, String meant) {
        assertThat(Multiline.text(typed)).isEqualTo(meant);
    }
}
