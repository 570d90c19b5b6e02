// SPDX-License-Identifier: Apache-2.0
package dev.jay.app.cli;

import java.io.DataInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.lang.classfile.ClassFile;
import java.lang.classfile.ClassHierarchyResolver;
import java.lang.classfile.ClassModel;
import java.lang.classfile.ClassTransform;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Collections;
import java.util.zip.ZipEntry;
import java.util.zip.ZipFile;
import java.util.zip.ZipOutputStream;

/**
 * Brings the classes of jars up to a version that an archive of classes takes. The JVM keeps no class older than Java 6
 * linked, since such a class lacks the stack maps it is verified by: it is loaded, verified the old way and linked again
 * at every start. {@code ./jay} runs this when it makes its archive.
 */
final class OldClasses {
    private static final int JAVA_6 = 50;

    private OldClasses() {}

    /** @param folders whose jars are rewritten in place, where they hold an old class */
    public static void main(String[] folders) throws IOException {
        for (String folder : folders) {
            try (DirectoryStream<Path> jars = Files.newDirectoryStream(Path.of(folder), "*.jar")) {
                for (Path jar : jars) renew(jar);
            }
        }
    }

    private static void renew(Path jar) throws IOException {
        Path renewed = jar.resolveSibling(jar.getFileName() + ".new");
        try (ZipFile from = new ZipFile(jar.toFile())) {
            if (!hasOld(from)) return;
            write(from, jar, renewed);
        }
        Files.move(renewed, jar, StandardCopyOption.REPLACE_EXISTING); // readers see one or the other
    }

    private static boolean hasOld(ZipFile jar) throws IOException {
        for (ZipEntry entry : Collections.list(jar.entries())) {
            if (!isClass(entry)) continue;
            try (DataInputStream bytes = new DataInputStream(jar.getInputStream(entry))) {
                bytes.skipNBytes(6); // the magic and the minor version
                if (bytes.readUnsignedShort() < JAVA_6) return true;
            }
        }
        return false;
    }

    private static boolean isClass(ZipEntry entry) {
        return entry.getName().endsWith(".class");
    }

    /** The same entries, in the same order, and no old class among them. */
    private static void write(ZipFile from, Path jar, Path renewed) throws IOException {
        try (URLClassLoader loader = new URLClassLoader(new URL[] {jar.toUri().toURL()});
                OutputStream file = Files.newOutputStream(renewed);
                ZipOutputStream to = new ZipOutputStream(file)) {
            ClassFile code = ClassFile.of(
                    ClassFile.StackMapsOption.GENERATE_STACK_MAPS,
                    ClassFile.ClassHierarchyResolverOption.of(ClassHierarchyResolver.ofClassLoading(loader)));
            for (ZipEntry entry : Collections.list(from.entries())) {
                ZipEntry copy = new ZipEntry(entry.getName());
                copy.setTime(entry.getTime());
                to.putNextEntry(copy);
                try (InputStream bytes = from.getInputStream(entry)) {
                    byte[] content = bytes.readAllBytes();
                    to.write(isClass(entry) ? renew(code, content) : content);
                }
                to.closeEntry();
            }
        }
    }

    private static byte[] renew(ClassFile code, byte[] bytes) {
        ClassModel old = code.parse(bytes);
        if (old.majorVersion() >= JAVA_6) return bytes;
        ClassTransform same = ClassTransform.transformingMethodBodies((to, instruction) -> to.with(instruction));
        return code.transformClass(
                old, same.andThen(ClassTransform.endHandler(to -> to.withVersion(ClassFile.JAVA_8_VERSION, 0))));
    }
}
