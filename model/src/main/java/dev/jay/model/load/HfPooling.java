// SPDX-License-Identifier: Apache-2.0
package dev.jay.model.load;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * How the rows of a text become its vector, as sentence-transformers keep it beside a model: {@code modules.json} lists
 * what follows it, and the folder of the pooling among them, {@code 1_Pooling} where nothing is listed, has a
 * {@code config.json}. Vectors come out with length one, so whether the list ends in a normalisation changes nothing, and a
 * mean over the root of the length is a mean.
 */
final class HfPooling {
    static final long MEAN = 1;

    private static final long MOST_BYTES = 1 << 20;
    private static final String PREFIX = "pooling_mode_";
    private static final Set<String> FOLLOWED = Set.of("Transformer", "Pooling", "Normalize");

    /** GGUF's {@code pooling_type} by what pooling is called here. */
    private static final Map<String, Long> TYPES = Map.of(
            "mean_tokens", 1L, "mean_sqrt_len_tokens", 1L, "mean", 1L, "cls_token", 2L, "cls", 2L, "lasttoken", 3L);

    private HfPooling() {}

    /**
     * GGUF's number for it; empty where nothing beside the model says it.
     *
     * @throws MalformedModelException if it is said in a way that is not run, or something else follows the model
     */
    static Optional<Long> of(Path folder) throws IOException {
        Path modules = folder.resolve("modules.json");
        Path pooling = folder.resolve("1_Pooling");
        boolean isListed = Files.isRegularFile(modules);
        if (isListed) pooling = listed(folder, modules);
        if (pooling == null) return Optional.empty();
        Path config = pooling.resolve("config.json");
        if (Files.isRegularFile(config)) return Optional.of(type(config));
        if (!isListed) return Optional.empty();
        throw new MalformedModelException(config, 0, "modules.json lists it, and it is missing");
    }

    /** The folder of the pooling; null where none is listed. */
    private static Path listed(Path folder, Path file) throws IOException {
        JsonNode list = JsonText.read(file, MOST_BYTES);
        if (!list.isArray()) throw new MalformedModelException(file, 0, "wanted an array of modules");
        Path pooling = null;
        for (JsonNode module : list) {
            String type = module.path("type").asString("");
            String kind = type.substring(type.lastIndexOf('.') + 1);
            String path = module.path("path").asString("");
            if (!FOLLOWED.contains(kind)) {
                throw new MalformedModelException(
                        file,
                        0,
                        "what this module does to vectors would be lost: type=" + MalformedModelException.shown(type)
                                + ", known=" + FOLLOWED.stream().sorted().toList());
            }
            if (!kind.equals("Pooling")) continue;
            if (!path.matches("[\\w-][\\w.-]*") || pooling != null) {
                throw new MalformedModelException(
                        file, 0, "wanted one pooling, in a folder beside: path=" + MalformedModelException.shown(path));
            }
            pooling = folder.resolve(path);
        }
        return pooling;
    }

    private static long type(Path file) throws IOException {
        ObjectNode said = JsonText.object(file, MOST_BYTES);
        List<String> modes = new ArrayList<>();
        for (Map.Entry<String, JsonNode> e : said.properties()) {
            boolean isTrue = e.getValue().isBoolean() && e.getValue().booleanValue();
            if (e.getKey().startsWith(PREFIX) && isTrue) modes.add(e.getKey().substring(PREFIX.length()));
            if (e.getKey().equals("pooling_mode")) modes.add(e.getValue().asString("?"));
        }
        Long type = modes.size() == 1 ? TYPES.get(modes.getFirst()) : null;
        if (type != null) return type;
        throw new MalformedModelException(
                file,
                0,
                "rows are pooled in a way that is not run: "
                        + MalformedModelException.shown(modes.toString()) + ", wanted one of "
                        + TYPES.keySet().stream().sorted().toList());
    }
}
