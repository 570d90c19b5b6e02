// SPDX-License-Identifier: Apache-2.0
package dev.jay.app.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.classfile.ClassFile;
import java.net.URI;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.zip.ZipFile;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;

class OldClassesTest {
    @TempDir
    Path folder;

    @Test
    void shouldRenewEveryOldClassOfAJarAndKeepTheRest() throws Exception {
        URI from = CommandLine.class
                .getProtectionDomain()
                .getCodeSource()
                .getLocation()
                .toURI();
        Path jar = Files.copy(Path.of(from), folder.resolve("old.jar"));
        OldClasses.main(new String[] {folder.toString()});
        try (ZipFile before = new ZipFile(Path.of(from).toFile());
                ZipFile after = new ZipFile(jar.toFile())) {
            assertThat(names(after)).containsExactlyElementsOf(names(before));
            for (String name : names(after)) {
                byte[] was = before.getInputStream(before.getEntry(name)).readAllBytes();
                byte[] is = after.getInputStream(after.getEntry(name)).readAllBytes();
                if (name.endsWith(".class")) {
                    assertThat(ClassFile.of().parse(is).majorVersion()).as(name).isGreaterThanOrEqualTo(50);
                    assertThat(ClassFile.of().verify(is)).as(name).isEmpty();
                } else {
                    assertThat(is).as(name).isEqualTo(was);
                }
            }
        }
        assertThat(folder).isDirectoryContaining(p -> p.equals(jar)).isDirectoryNotContaining("glob:**.new");
        try (URLClassLoader loader =
                new URLClassLoader(new URL[] {jar.toUri().toURL()}, ClassLoader.getPlatformClassLoader())) {
            Object help = loader.loadClass("picocli.CommandLine$HelpCommand")
                    .getConstructor()
                    .newInstance();
            Class<?> line = loader.loadClass("picocli.CommandLine");
            Object made = line.getConstructor(Object.class).newInstance(help);
            assertThat(line.getMethod("getCommandName").invoke(made)).isEqualTo("help");
        }
    }

    private static List<String> names(ZipFile zip) {
        return zip.stream().map(e -> e.getName()).toList();
    }
}
