// SPDX-License-Identifier: Apache-2.0
package dev.jay.app.cli;

import dev.jay.engine.Message;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import tools.jackson.core.JacksonException;
import tools.jackson.core.StreamReadConstraints;
import tools.jackson.core.json.JsonFactory;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * A conversation in a file: {@code {"messages": [{"role", "content"}]}}, as a chat's request has them. Readable by its
 * owner only; what is no conversation is not written over.
 */
final class ChatFile {
    private static final long MOST_BYTES = 16 << 20;
    private static final int MOST_MESSAGES = 10_000;
    private static final Set<String> ROLES = Set.of("system", "user", "assistant", "tool");
    private static final JsonMapper JSON = JsonMapper.builder(JsonFactory.builder()
                    .streamReadConstraints(StreamReadConstraints.builder()
                            .maxNestingDepth(16)
                            .maxTokenCount(8L * MOST_MESSAGES)
                            .maxStringLength((int) MOST_BYTES)
                            .build())
                    .build())
            .build();

    private final Path file;

    ChatFile(Path file) {
        this.file = file;
    }

    void save(List<Message> messages) throws IOException {
        if (Files.exists(file)) load(); // refused where it is anything else
        ObjectNode root = JSON.createObjectNode();
        ArrayNode list = root.putArray("messages");
        for (Message m : messages) list.addObject().put("role", m.role()).put("content", m.content());
        Path folder = file.toAbsolutePath().getParent();
        Path part = Files.createTempFile(folder, "jay-chat", ".part"); // such files are their owner's alone
        try {
            Files.writeString(part, JSON.writerWithDefaultPrettyPrinter().writeValueAsString(root) + "\n");
            Files.move(part, file, StandardCopyOption.REPLACE_EXISTING);
        } finally {
            Files.deleteIfExists(part);
        }
    }

    /** All of it, or an exception that says what is wrong. */
    List<Message> load() throws IOException {
        if (!Files.isRegularFile(file)) throw new IOException("no such file");
        long bytes = Files.size(file);
        if (bytes > MOST_BYTES) throw new IOException("it has " + bytes + " bytes, allowed: at most " + MOST_BYTES);
        JsonNode list;
        try {
            list = JSON.readTree(Files.readString(file)).path("messages");
        } catch (JacksonException e) {
            throw new IOException("it is not sound JSON", e);
        }
        if (!list.isArray() || list.size() > MOST_MESSAGES) {
            throw new IOException("it is no conversation: 'messages' must be an array of at most " + MOST_MESSAGES);
        }
        List<Message> messages = new ArrayList<>();
        for (JsonNode each : list) {
            String role = each.path("role").stringValue("");
            JsonNode content = each.path("content");
            if (!ROLES.contains(role) || !content.isString()) {
                throw new IOException("it is no conversation: message " + messages.size() + " must have a role of "
                        + ROLES + " and a content");
            }
            messages.add(new Message(role, content.stringValue()));
        }
        return messages;
    }
}
