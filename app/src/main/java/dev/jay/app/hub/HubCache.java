// SPDX-License-Identifier: Apache-2.0
package dev.jay.app.hub;

import dev.jay.tensor.memory.WholeFile;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * What of a repository is kept: {@code OWNER/REPO/COMMIT/FILE}, beside it {@code COMMIT.files}, the list of the whole
 * commit, and {@code refs/REVISION}, which commit a branch was. A file is there only when it is complete.
 */
final class HubCache {
    private static final Duration LOOK_AGAIN = Duration.ofMillis(200);
    private static final String LIST = ".files";

    private final Path folder;

    HubCache(HubAccess access, HubModel model) {
        this.folder = access.cache().resolve(model.owner()).resolve(model.repo());
    }

    /** The commit that a revision was when it was last asked for. */
    Optional<String> commit(String revision) throws IOException {
        if (revision.matches("[0-9a-f]{40}")) return Optional.of(revision);
        return read(folder.resolve("refs").resolve(revision)).map(String::strip).filter(c -> c.matches("[0-9a-f]{40}"));
    }

    /** The files of a commit, if they are known. */
    Optional<List<HubFile>> files(String commit) throws IOException {
        return read(folder.resolve(commit + LIST))
                .map(text -> text.lines()
                        .map(HubFile::parse)
                        .flatMap(Optional::stream)
                        .toList());
    }

    void keep(String revision, String commit, List<HubFile> files) throws IOException {
        StringBuilder text = new StringBuilder();
        for (HubFile f : files) text.append(f.line()).append('\n');
        write(folder.resolve(commit + LIST), text.toString());
        if (!revision.equals(commit)) write(folder.resolve("refs").resolve(revision), commit + "\n");
    }

    Path place(String commit, HubFile file) {
        return folder.resolve(commit).resolve(file.path());
    }

    /** Where a model is opened: a file, or the commit's folder. */
    Path main(String commit, HubChoice choice) {
        return folder.resolve(commit).resolve(choice.main());
    }

    boolean has(String commit, HubFile file) throws IOException {
        Path at = place(commit, file);
        return Files.isRegularFile(at) && Files.size(at) == file.size();
    }

    /** The same file of another commit, if it is here: then nothing need be fetched. */
    boolean takeFromAnother(String commit, HubFile file) throws IOException {
        for (String other : commits()) {
            if (other.equals(commit)) continue;
            for (HubFile known : files(other).orElse(List.of())) {
                if (!known.hash().equals(file.hash()) || !has(other, known)) continue;
                Files.createDirectories(place(commit, file).getParent());
                try {
                    Files.createLink(place(commit, file), place(other, known));
                    return true;
                } catch (IOException | UnsupportedOperationException e) {
                    return false; // no links here: it is fetched
                }
            }
        }
        return false;
    }

    /** The commits whose lists are kept. */
    List<String> commits() throws IOException {
        if (!Files.isDirectory(folder)) return List.of();
        try (Stream<Path> all = Files.list(folder)) {
            return all.map(p -> p.getFileName().toString())
                    .filter(n -> n.endsWith(LIST))
                    .map(n -> n.substring(0, n.length() - LIST.length()))
                    .sorted()
                    .toList();
        }
    }

    /**
     * Alone in this repository, among all threads and processes. The caller closes it.
     *
     * @param waiting called once if another is there
     */
    AutoCloseable lock(Runnable waiting) throws IOException {
        Files.createDirectories(folder);
        FileChannel channel =
                FileChannel.open(folder.resolve("lock"), StandardOpenOption.CREATE, StandardOpenOption.WRITE);
        boolean told = false;
        try {
            while (true) {
                FileLock lock = tryLock(channel);
                if (lock != null) return channel; // closing it gives the lock back
                if (!told) waiting.run();
                told = true;
                HubHttp.sleep(LOOK_AGAIN);
            }
        } catch (IOException | RuntimeException e) {
            channel.close();
            throw e;
        }
    }

    private static FileLock tryLock(FileChannel channel) throws IOException {
        try {
            return channel.tryLock();
        } catch (OverlappingFileLockException e) {
            return null; // a thread of this process has it
        }
    }

    private static Optional<String> read(Path file) throws IOException {
        try {
            return Optional.of(Files.readString(file));
        } catch (NoSuchFileException e) {
            return Optional.empty();
        }
    }

    private static void write(Path file, String text) throws IOException {
        Files.createDirectories(file.getParent());
        WholeFile.write(file, text.getBytes(StandardCharsets.UTF_8));
    }

    /** What is kept of every repository. */
    static List<HubKept> kept(Path cache) throws IOException {
        List<HubKept> all = new ArrayList<>();
        if (!Files.isDirectory(cache)) return all;
        try (Stream<Path> repos = Files.find(
                cache, 2, (p, a) -> a.isDirectory() && cache.relativize(p).getNameCount() == 2)) {
            for (Path repo : repos.sorted().toList()) {
                long bytes = 0;
                try (Stream<Path> files = Files.walk(repo)) {
                    for (Path f : files.filter(Files::isRegularFile).toList()) bytes += Files.size(f);
                }
                all.add(new HubKept("hf:" + cache.relativize(repo).toString().replace('\\', '/'), repo, bytes));
            }
        }
        return all;
    }
}
