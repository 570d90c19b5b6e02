// SPDX-License-Identifier: Apache-2.0
package dev.jay.app;

import static org.assertj.core.api.Assertions.assertThat;

import com.palantir.javaformat.java.Formatter;
import com.palantir.javaformat.java.FormatterException;
import com.palantir.javaformat.java.JavaFormatterOptions;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/**
 * Every source file is as the formatter writes it. It runs here rather than as a build plugin because the formatter uses
 * the compiler of its own JVM, and Maven's may be too old to read our Java. {@code mvn -q -pl app -am test
 * -Dtest=FormatTest -Dsurefire.failIfNoSpecifiedTests=false -Djay.format=apply} rewrites what is not.
 */
class FormatTest {
    @Test
    void everyFileShouldBeFormatted() throws IOException, FormatterException {
        Formatter formatter = Formatter.createFormatter(JavaFormatterOptions.builder()
                .style(JavaFormatterOptions.Style.PALANTIR)
                .build());
        boolean apply = "apply".equals(System.getProperty("jay.format"));
        List<Path> wrong = new ArrayList<>();
        for (Path file : SizeTest.sources()) {
            String text = Files.readString(file);
            String formatted = formatter.formatSourceAndFixImports(text);
            if (formatted.equals(text)) continue;
            if (apply) Files.writeString(file, formatted);
            else wrong.add(file);
        }
        assertThat(wrong)
                .as("not formatted; run the command in this class's comment")
                .isEmpty();
    }
}
