// SPDX-License-Identifier: Apache-2.0
package dev.jay.model.load;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import tools.jackson.core.JacksonException;
import tools.jackson.core.StreamReadConstraints;
import tools.jackson.core.StreamReadFeature;
import tools.jackson.core.json.JsonFactory;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

/** JSON of files that may lie: bounded in length and depth, and no key stands twice. */
final class JsonText {
    private static final int MOST_DEPTH = 32;

    static final JsonFactory FACTORY = JsonFactory.builder()
            .streamReadConstraints(StreamReadConstraints.builder()
                    .maxNestingDepth(MOST_DEPTH)
                    .maxNameLength(65_535)
                    .build())
            .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
            .build();

    private static final JsonMapper MAPPER = new JsonMapper(FACTORY);

    private JsonText() {}

    /**
     * The object that a whole file holds.
     *
     * @throws MalformedModelException if it is longer than {@code most} bytes, or anything else than an object
     */
    static ObjectNode object(Path file, long most) throws IOException {
        JsonNode root = read(file, most);
        if (root instanceof ObjectNode object) return object;
        throw new MalformedModelException(
                file, 0, "wanted a JSON object, got " + root.getNodeType().name());
    }

    /**
     * Whatever value a whole file holds.
     *
     * @throws MalformedModelException if it is longer than {@code most} bytes, or no JSON
     */
    static JsonNode read(Path file, long most) throws IOException {
        long size = Files.size(file);
        if (size > most) {
            throw new MalformedModelException(file, 0, "longer than it may be: bytes=" + size + ", most=" + most);
        }
        try {
            return MAPPER.readTree(Files.readAllBytes(file));
        } catch (JacksonException e) {
            throw wrong(file, 0, e);
        }
    }

    /** @param start where the JSON begins in the file */
    static MalformedModelException wrong(Path file, long start, JacksonException e) {
        long at = e.getLocation() == null ? 0 : Math.max(0, e.getLocation().getByteOffset());
        String why = String.valueOf(e.getOriginalMessage());
        return new MalformedModelException(file, start + at, "not the JSON it should be: " + oneLine(why));
    }

    private static String oneLine(String text) {
        String clean = text.replaceAll("[\\p{C}\\p{Zl}\\p{Zp}]+", " ").strip();
        return clean.length() > 200 ? clean.substring(0, 200) + "..." : clean;
    }
}
