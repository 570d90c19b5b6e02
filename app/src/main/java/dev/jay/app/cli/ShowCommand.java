// SPDX-License-Identifier: Apache-2.0
package dev.jay.app.cli;

import dev.jay.model.load.Metadata;
import dev.jay.model.load.ModelFiles;
import dev.jay.model.load.WeightSource;
import dev.jay.tensor.memory.Memory;
import java.io.IOException;
import java.lang.reflect.Array;
import java.nio.file.Path;
import java.util.Collection;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

@Command(
        name = "show",
        description =
                "Tell what a model file holds: architecture, shapes, formats, tokenizer, metadata. Nothing is loaded.",
        footer = {"", "Examples:", "  jay show model.gguf", "  jay show model.gguf --tensors --json | jq .formats"})
final class ShowCommand implements Callable<Integer> {
    private static final int MOST_SHOWN = 8;
    private static final int MOST_CHARS = 100;

    private final Shell shell;

    @Mixin
    private ModelArguments model;

    @Option(names = "--tensors", description = "Each tensor: name, type, shape, bytes.")
    private boolean tensors;

    @Option(names = "--json", description = "One JSON object.")
    private boolean json;

    ShowCommand(Shell shell) {
        this.shell = shell;
    }

    @Override
    public Integer call() throws IOException {
        Path file = model.file(shell);
        try (Memory memory = Memory.withBudget(Long.MAX_VALUE);
                WeightSource source = ModelFiles.open(memory, file)) {
            ObjectNode root = tell(file, source);
            shell.out().print(json ? root + "\n" : plain(root));
        }
        return ExitCode.OK.code();
    }

    private ObjectNode tell(Path file, WeightSource source) {
        ObjectNode root = JsonMapper.shared().createObjectNode();
        Metadata metadata = source.metadata();
        String architecture = String.valueOf(metadata.values().getOrDefault("general.architecture", "unknown"));
        root.put("file", file.toString()).put("architecture", architecture);
        ObjectNode shapes = root.putObject("shapes");
        new TreeMap<>(metadata.values()).forEach((key, value) -> {
            if (key.startsWith(architecture + ".")) put(shapes, key.substring(architecture.length() + 1), value);
        });
        put(root, "context", metadata.values().getOrDefault(architecture + ".context_length", 0L));
        put(root, "tokenizer", metadata.values().getOrDefault("tokenizer.ggml.model", "none"));
        put(root, "vocabulary", length(metadata.values().get("tokenizer.ggml.tokens")));
        root.put("chatTemplate", metadata.has("tokenizer.chat_template"));
        formats(root, source.entries());
        if (tensors) list(root.putArray("tensors"), source.entries());
        ObjectNode all = root.putObject("metadata");
        new TreeMap<>(metadata.values()).forEach((key, value) -> put(all, key, value));
        return root;
    }

    private static void formats(ObjectNode root, Collection<WeightSource.Entry> entries) {
        Map<String, long[]> byType = new TreeMap<>();
        long parameters = 0;
        long bytes = 0;
        for (WeightSource.Entry e : entries) {
            long count = e.dims().stream().mapToLong(Long::longValue).reduce(1, (a, b) -> a * b);
            long[] sum = byType.computeIfAbsent(e.typeName(), t -> new long[3]);
            sum[0]++;
            sum[1] += count;
            sum[2] += e.bytes().byteSize();
            parameters += count;
            bytes += e.bytes().byteSize();
        }
        root.put("parameters", parameters).put("weightBytes", bytes).put("tensorCount", entries.size());
        ObjectNode formats = root.putObject("formats");
        byType.forEach((type, sum) -> formats.putObject(type)
                .put("tensors", sum[0])
                .put("parameters", sum[1])
                .put("bytes", sum[2]));
    }

    private static void list(ArrayNode list, Collection<WeightSource.Entry> entries) {
        for (WeightSource.Entry e : entries) {
            ObjectNode one = list.addObject().put("name", e.name()).put("type", e.typeName());
            ArrayNode dims = one.putArray("dims");
            e.dims().forEach(dims::add);
            one.put("bytes", e.bytes().byteSize());
        }
    }

    /** Long lists and texts are cut and say how long they are: this is for reading. */
    private static void put(ObjectNode node, String key, Object value) {
        switch (value) {
            case Boolean b -> node.put(key, b);
            case Long n -> node.put(key, n);
            case Integer n -> node.put(key, n);
            case Double d -> node.put(key, d);
            case String s -> node.put(key, cut(s));
            default -> node.put(key, summary(value));
        }
    }

    private static String cut(String text) {
        return text.length() <= MOST_CHARS
                ? text
                : text.substring(0, MOST_CHARS) + "... (" + text.length() + " characters)";
    }

    private static String summary(Object value) {
        int length = length(value);
        StringBuilder text = new StringBuilder("[");
        for (int i = 0; i < Math.min(length, MOST_SHOWN); i++) {
            Object each = value instanceof List<?> list ? list.get(i) : Array.get(value, i);
            text.append(i == 0 ? "" : ", ").append(cut(String.valueOf(each)));
        }
        return text.append(length > MOST_SHOWN ? ", ... (" + length + ")]" : "]")
                .toString();
    }

    private static int length(Object value) {
        return switch (value) {
            case null -> 0;
            case List<?> list -> list.size();
            default -> value.getClass().isArray() ? Array.getLength(value) : 1;
        };
    }

    private static String plain(ObjectNode root) {
        StringBuilder text = new StringBuilder();
        lines(text, root, "");
        return text.toString();
    }

    private static void lines(StringBuilder text, ObjectNode node, String indent) {
        node.properties().forEach(e -> {
            switch (e.getValue()) {
                case ObjectNode inner
                when !inner.isEmpty() -> {
                    text.append(indent).append(e.getKey()).append(":\n");
                    lines(text, inner, indent + "  ");
                }
                case ArrayNode list -> {
                    text.append(indent).append(e.getKey()).append(":\n");
                    list.forEach(each ->
                            text.append(indent).append("  ").append(each).append('\n'));
                }
                default ->
                    text.append(String.format(
                            Locale.ROOT,
                            "%s%-24s %s%n",
                            indent,
                            e.getKey(),
                            e.getValue().asString("{}")));
            }
        });
    }
}
