// SPDX-License-Identifier: Apache-2.0
package dev.jay.app.hub;

import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.net.URISyntaxException;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import tools.jackson.core.JacksonException;
import tools.jackson.core.StreamReadConstraints;
import tools.jackson.core.json.JsonFactory;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/**
 * Models of Hugging Face, or of a server that speaks as it does. What is here is used as it is, without asking anybody;
 * {@link #update} asks for what is new. Believes no name, size or hash before checking it.
 */
public final class Hub {
    private static final int LONGEST_LIST = 32 << 20;
    private static final int MOST_FILES = 200_000;
    private static final JsonMapper JSON = new JsonMapper(JsonFactory.builder()
            .streamReadConstraints(
                    StreamReadConstraints.builder().maxNestingDepth(32).build())
            .build());

    /** Told how a fetch goes. Called on the calling thread. */
    public interface Listener {
        void fetched(long bytes, long ofBytes, String file);

        void say(String line);
    }

    private record Commit(String id, List<HubFile> files) {}

    private final HubAccess access;
    private final Listener listener;

    public Hub(HubAccess access, Listener listener) {
        this.access = access;
        this.listener = listener;
    }

    /** The model's file or folder; fetched if it is not here. */
    public Path find(HubModel model) throws IOException {
        HubCache cache = new HubCache(access, model);
        Optional<Path> here = here(cache, model);
        if (here.isPresent()) return here.get();
        if (access.offline()) throw new HubException(model + ": not in " + access.cache() + ", and --offline was said");
        return update(model);
    }

    /** The model's file or folder as the hub has it now. */
    public Path update(HubModel model) throws IOException {
        if (access.offline()) throw new HubException(model + ": cannot be asked for while offline");
        HubCache cache = new HubCache(access, model);
        try (AutoCloseable lock = cache.lock(() -> listener.say(model + ": another process fetches it; waiting"));
                HubHttp http = new HubHttp(access)) {
            Commit commit = list(http, model);
            cache.keep(model.revision(), commit.id, commit.files);
            HubChoice choice = HubChoice.of(model, commit.files);
            if (!choice.why().isEmpty()) listener.say(model + ": " + choice.why());
            fetch(http, cache, model, commit.id, choice);
            return cache.main(commit.id, choice);
        } catch (IOException | RuntimeException e) {
            throw e;
        } catch (Exception e) {
            throw new HubException(model + ": " + e.getMessage(), e);
        }
    }

    /** What is kept, of every repository. */
    public List<HubKept> kept() throws IOException {
        return HubCache.kept(access.cache());
    }

    private Optional<Path> here(HubCache cache, HubModel model) throws IOException {
        Optional<String> commit = cache.commit(model.revision());
        if (commit.isEmpty()) return Optional.empty();
        Optional<List<HubFile>> files = cache.files(commit.get());
        if (files.isEmpty()) return Optional.empty();
        HubChoice choice;
        try {
            choice = HubChoice.of(model, files.get());
        } catch (HubException e) {
            if (access.offline()) throw e;
            return Optional.empty(); // the hub may have more by now
        }
        for (HubFile f : choice.files()) if (!cache.has(commit.get(), f)) return Optional.empty();
        if (!choice.why().isEmpty()) listener.say(model + ": " + choice.why());
        return Optional.of(cache.main(commit.get(), choice));
    }

    private void fetch(HubHttp http, HubCache cache, HubModel model, String commit, HubChoice choice)
            throws IOException {
        List<HubFile> missing = new ArrayList<>();
        for (HubFile f : choice.files()) {
            if (!cache.has(commit, f) && !cache.takeFromAnother(commit, f)) missing.add(f);
        }
        long wanted = missing.stream().mapToLong(HubFile::size).sum();
        Files.createDirectories(access.cache());
        long room = Files.getFileStore(access.cache()).getUsableSpace();
        if (wanted > room) {
            throw new HubException(model + ": no room for it on the disk: wanted=" + wanted + ", free=" + room
                    + " bytes at " + access.cache());
        }
        long done = 0;
        for (HubFile f : missing) {
            long before = done;
            HubDownload download = new HubDownload(
                    http,
                    access,
                    model,
                    f,
                    cache.place(commit, f),
                    bytes -> listener.fetched(before + bytes, wanted, f.name()));
            download.run(address("/" + model.id() + "/resolve/" + commit + "/" + f.path(), null));
            done += f.size();
        }
    }

    private Commit list(HubHttp http, HubModel model) throws IOException {
        URI uri = address("/api/models/" + model.id() + "/revision/" + model.revision(), "blobs=true");
        HttpResponse<InputStream> response = http.get(model, uri, 0);
        byte[] body;
        try (InputStream in = response.body()) {
            body = in.readNBytes(LONGEST_LIST + 1);
        } catch (IOException e) {
            throw new HubException(model + ": its list of files was cut off: " + e.getMessage(), e);
        }
        if (body.length > LONGEST_LIST) throw unreadable(model, "longer than " + LONGEST_LIST + " bytes");
        try {
            return read(model, JSON.readTree(body));
        } catch (JacksonException e) {
            throw unreadable(model, "not JSON");
        }
    }

    private Commit read(HubModel model, JsonNode root) throws HubException {
        String id = root.path("sha").asString("");
        JsonNode siblings = root.path("siblings");
        if (!id.matches("[0-9a-f]{40}") || !siblings.isArray()) throw unreadable(model, "no sha or no siblings");
        if (siblings.size() > MOST_FILES) throw unreadable(model, "more than " + MOST_FILES + " files");
        List<HubFile> files = new ArrayList<>();
        for (JsonNode f : siblings) {
            String path = f.path("rfilename").asString("");
            String hash = f.path("lfs").path("sha256").asString(f.path("blobId").asString(""));
            JsonNode size = f.path("lfs").has("size") ? f.path("lfs").path("size") : f.path("size");
            // a file with a name that we would not write, or without a hash, is none that we can fetch
            if (!HubModel.isPath(path) || !size.canConvertToLong() || size.asLong(-1) < 0) continue;
            if (HubFile.isHash(hash)) files.add(new HubFile(path, size.longValue(), hash));
        }
        if (files.isEmpty()) throw unreadable(model, "no files with sizes and hashes");
        return new Commit(id, files);
    }

    private HubException unreadable(HubModel model, String why) {
        return new HubException(model + ": " + access.endpoint() + " gave no list of files: " + why);
    }

    /** Below the endpoint, which may have a path of its own. */
    private URI address(String path, String query) throws HubException {
        URI own = access.endpoint();
        String base = own.getPath() == null ? "" : own.getPath().replaceAll("/+$", "");
        try {
            return new URI(own.getScheme(), own.getAuthority(), base + path, query, null);
        } catch (URISyntaxException e) {
            throw new HubException("no address: " + path, e);
        }
    }
}
