// SPDX-License-Identifier: Apache-2.0
package dev.jay.engine;

import dev.jay.engine.chat.Tool;
import dev.jay.engine.chat.ToolCall;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.json.JsonMapper;

/** A conversation as templates expect it by name: OpenAI's shapes, as transformers passes them on. */
final class TemplateNames {
    private static final JsonMapper JSON = JsonMapper.shared();

    private TemplateNames() {}

    /** @param objects whether arguments of calls are given as objects, as most templates want them, or as their JSON */
    static List<Map<String, Object>> messages(List<Message> messages, boolean objects) {
        List<Map<String, Object>> all = new ArrayList<>();
        for (Message m : messages) {
            Map<String, Object> shown = new LinkedHashMap<>();
            shown.put("role", m.role());
            shown.put("content", m.content());
            if (!m.reasoning().isEmpty()) shown.put("reasoning_content", m.reasoning());
            if (!m.callId().isEmpty()) {
                shown.put("tool_call_id", m.callId());
                nameOf(m.callId(), messages, shown);
            }
            if (!m.calls().isEmpty()) {
                shown.put(
                        "tool_calls",
                        m.calls().stream().map(c -> call(c, objects)).toList());
            }
            all.add(shown);
        }
        return all;
    }

    private static void nameOf(String callId, List<Message> messages, Map<String, Object> shown) {
        for (Message m : messages) {
            for (ToolCall call : m.calls()) if (call.id().equals(callId)) shown.put("name", call.name());
        }
    }

    private static Map<String, Object> call(ToolCall call, boolean objects) {
        Map<String, Object> function = new LinkedHashMap<>();
        function.put("name", call.name());
        function.put("arguments", objects ? object(call.arguments()) : call.arguments());
        Map<String, Object> shown = new LinkedHashMap<>();
        if (!call.id().isEmpty()) shown.put("id", call.id());
        shown.put("type", "function");
        shown.put("function", function);
        return shown;
    }

    /** Null where there are none. */
    static List<Map<String, Object>> tools(List<Tool> tools) {
        if (tools.isEmpty()) return null;
        List<Map<String, Object>> all = new ArrayList<>();
        for (Tool tool : tools) {
            Map<String, Object> function = new LinkedHashMap<>();
            function.put("name", tool.name());
            function.put("description", tool.description());
            function.put("parameters", object(tool.parameters()));
            Map<String, Object> shown = new LinkedHashMap<>();
            shown.put("type", "function");
            shown.put("function", function);
            all.add(shown);
        }
        return all;
    }

    private static Object object(String json) {
        try {
            return JSON.readValue(json.isBlank() ? "{}" : json, Object.class);
        } catch (JacksonException e) {
            throw new IllegalArgumentException(
                    "chat: the arguments of a call, or the parameters of a tool, are not JSON");
        }
    }
}
