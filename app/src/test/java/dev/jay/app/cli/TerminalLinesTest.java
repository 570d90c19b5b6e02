// SPDX-License-Identifier: Apache-2.0
package dev.jay.app.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PipedInputStream;
import java.io.PipedOutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.jline.terminal.impl.ExternalTerminal;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Keys typed at a terminal that a test made. */
@Timeout(60)
class TerminalLinesTest {
    private static final String CTRL_C = "\003";
    private static final String CTRL_D = "\004";

    @TempDir
    private Path folder;

    private final PipedOutputStream keys = new PipedOutputStream();
    private final ByteArrayOutputStream screen = new ByteArrayOutputStream();
    private Path history;
    private TerminalLines lines;

    @BeforeEach
    void open() throws IOException {
        history = folder.resolve("state").resolve("history");
        lines = lines(keys);
    }

    private TerminalLines lines(PipedOutputStream from) throws IOException {
        PipedInputStream in = new PipedInputStream(from, 1 << 16);
        return new TerminalLines(
                new ExternalTerminal("test", "ansi", in, screen, StandardCharsets.UTF_8), Optional.of(history));
    }

    @AfterEach
    void close() throws IOException {
        lines.close();
    }

    private void type(String text) throws IOException {
        keys.write(text.getBytes(StandardCharsets.UTF_8));
        keys.flush();
    }

    @Test
    void shouldReadLinesUntilCtrlD() throws IOException {
        type("don't \"stop\r" + "C:\\dir x\r" + CTRL_D);
        assertThat(lines.next()).isEqualTo("don't \"stop");
        assertThat(lines.next()).isEqualTo("C:\\dir x");
        assertThat(lines.next()).isNull();
    }

    @Test
    void shouldReadSeveralLinesAsOne() throws IOException {
        type("one\\\rtwo\r" + "\"\"\"a\rb\"\"\"\r" + "c\033\rd\r");
        assertThat(lines.next()).isEqualTo("one\ntwo");
        assertThat(lines.next()).isEqualTo("a\nb");
        assertThat(lines.next()).isEqualTo("c\nd");
    }

    @Test
    void shouldCompleteOrdersAndFiles() throws IOException {
        Files.createFile(folder.resolve("conversation.json"));
        type("/und\t\r" + "/load " + folder + "/conv\t\r");
        assertThat(lines.next().strip()).isEqualTo("/undo");
        assertThat(lines.next().strip()).isEqualTo("/load " + folder.resolve("conversation.json"));
    }

    @Test
    void shouldNotLoseWhatIsTypedWhileAnAnswerComes() throws Exception {
        CountDownLatch cancelled = new CountDownLatch(1);
        try (Interrupts.Scope answer = lines.answering(cancelled::countDown)) {
            type("next question\r" + CTRL_D);
            Thread.sleep(300);
        }
        assertThat(lines.next()).isEqualTo("next question");
        assertThat(lines.next()).isNull();
        assertThat(cancelled.getCount()).isEqualTo(1);
    }

    @Test
    void shouldEndAnAnswerByCtrlCAndALineOnly() throws Exception {
        CountDownLatch cancelled = new CountDownLatch(1);
        try (Interrupts.Scope answer = lines.answering(cancelled::countDown)) {
            type(CTRL_C);
            assertThat(cancelled.await(30, TimeUnit.SECONDS)).isTrue();
        }
        CountDownLatch read = new CountDownLatch(1);
        Thread.startVirtualThread(() -> {
            try {
                for (String each : new String[] {"half", CTRL_C, "whole\r"}) {
                    Thread.sleep(300); // Ctrl-C throws away what came just before it
                    type(each);
                }
                read.await(); // a pipe ends with the thread that wrote to it
            } catch (IOException | InterruptedException e) {
                throw new IllegalStateException(e);
            }
        });
        assertThat(lines.next()).isEqualTo("whole");
        read.countDown();
        assertThat(screen.toString(StandardCharsets.UTF_8)).contains("(Ctrl-D leaves)");
    }

    @Test
    void shouldKeepHistoryForItsOwnerAlone() throws IOException {
        type("remember me\r" + " not this\r");
        lines.next();
        lines.next();
        lines.close();
        assertThat(Files.readString(history)).contains("remember me").doesNotContain("not this");
        if (Files.getFileStore(folder).supportsFileAttributeView("posix")) {
            assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(history)))
                    .isEqualTo("rw-------");
        }
        PipedOutputStream others = new PipedOutputStream();
        lines = lines(others);
        others.write("\033[A\r".getBytes(StandardCharsets.UTF_8)); // up
        others.flush();
        assertThat(lines.next()).isEqualTo("remember me");
    }
}
