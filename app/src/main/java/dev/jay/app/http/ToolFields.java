// SPDX-License-Identifier: Apache-2.0
package dev.jay.app.http;

import dev.jay.engine.chat.Tool;
import dev.jay.engine.chat.ToolCall;
import dev.jay.engine.sample.grammar.Grammar;
import dev.jay.engine.sample.grammar.GrammarException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import tools.jackson.databind.JsonNode;

/** {@code tools}, {@code tool_choice} and {@code parallel_tool_calls} of a chat, and calls in its messages. */
final class ToolFields {
    private static final int MOST_TOOLS = 256;
    private static final int MOST_CALLS = 256;

    private final List<Tool> tools = new ArrayList<>();
    private final Map<String, String> schemas = new LinkedHashMap<>();
    private final boolean must;
    private final boolean parallel;

    ToolFields(Fields fields) {
        if (fields.has("tools")) for (Fields tool : fields.objects("tools", MOST_TOOLS)) tool(tool);
        parallel = !fields.has("parallel_tool_calls") || fields.flag("parallel_tool_calls");
        must = choose(fields);
    }

    /** None where none may be called. */
    List<Tool> tools() {
        return tools;
    }

    /** Of the arguments of those that may be called, by name. */
    Map<String, String> schemas() {
        return schemas;
    }

    /** Whether one must be called. */
    boolean must() {
        return must;
    }

    boolean parallel() {
        return parallel;
    }

    private void tool(Fields tool) {
        String type = tool.text("type").orElseThrow(() -> tool.missing("type"));
        if (!type.equals("function")) throw tool.unsupported("type", "only function is");
        Fields function = tool.object("function").orElseThrow(() -> tool.missing("function"));
        String name = function.text("name").orElseThrow(() -> function.missing("name"));
        String parameters = function.object("parameters").isEmpty()
                ? Tool.NO_PARAMETERS
                : function.get("parameters").map(JsonNode::toString).orElseThrow();
        try {
            tools.add(new Tool(name, function.text("description").orElse(""), parameters));
        } catch (IllegalArgumentException e) {
            throw function.unsupported("name", e.getMessage());
        }
        if (schemas.put(name, checked(function, parameters)) != null) {
            throw function.unsupported("name", "two tools have it");
        }
    }

    /** What cannot be honoured is an error where strictness was asked for; else the arguments are any JSON object. */
    private static String checked(Fields function, String parameters) {
        String schema = function.get("parameters")
                        .map(p -> p.has("type") || p.has("$ref") || p.has("anyOf"))
                        .orElse(true)
                ? parameters
                : "{\"allOf\":[{\"type\":\"object\"}," + parameters + "]}";
        try {
            GrammarFields.alone(() -> Grammar.ofJsonSchema(schema));
            return schema;
        } catch (GrammarException e) {
            if (function.flag("strict")) throw function.unsupported("parameters", e.getMessage());
            return "{\"type\":\"object\"}";
        }
    }

    private boolean choose(Fields fields) {
        JsonNode choice = fields.get("tool_choice").orElse(null);
        if (choice == null) return false;
        String name;
        if (choice.isString()) {
            switch (choice.stringValue()) {
                case "auto" -> {
                    return false;
                }
                case "none" -> {
                    tools.clear();
                    schemas.clear();
                    return false;
                }
                case "required" -> {
                    if (tools.isEmpty()) throw fields.unsupported("tool_choice", "there are no tools to call");
                    return true;
                }
                default ->
                    throw fields.unsupported("tool_choice", "allowed: none, auto, required, or a function by name");
            }
        }
        Fields of = fields.object("tool_choice").orElseThrow();
        Fields function = of.object("function").orElseThrow(() -> of.missing("function"));
        name = function.text("name").orElseThrow(() -> function.missing("name"));
        if (!schemas.containsKey(name)) throw function.unsupported("name", "no tool has this name");
        schemas.keySet().retainAll(List.of(name));
        return true;
    }

    /** What an assistant's message asked for. */
    static List<ToolCall> calls(Fields message) {
        if (!message.has("tool_calls")) return List.of();
        List<ToolCall> calls = new ArrayList<>();
        for (Fields call : message.objects("tool_calls", MOST_CALLS)) {
            Fields function = call.object("function").orElseThrow(() -> call.missing("function"));
            calls.add(new ToolCall(
                    call.text("id").orElse(""),
                    function.text("name").orElseThrow(() -> function.missing("name")),
                    function.text("arguments").orElse("{}")));
        }
        return calls;
    }
}
