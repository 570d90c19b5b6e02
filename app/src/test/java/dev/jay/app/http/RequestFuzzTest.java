// SPDX-License-Identifier: Apache-2.0
package dev.jay.app.http;

import com.code_intelligence.jazzer.junit.FuzzTest;
import java.util.List;
import org.junit.jupiter.api.AfterAll;

/**
 * Whatever bytes come as a body, reading them ends in a request or in a refusal of the client's, never in anything else.
 * Runs its stored inputs as a test; fuzzes where {@code JAZZER_FUZZ=1} is set.
 */
class RequestFuzzTest {
    private static final ScriptedModel MODEL = new ScriptedModel();

    @AfterAll
    static void close() {
        MODEL.close();
    }

    @FuzzTest(maxDuration = "10m")
    void chat(byte[] body) {
        read(new ChatCompletions(MODEL, "scripted", ServerOptions.DEFAULT), body);
    }

    @FuzzTest(maxDuration = "10m")
    void completion(byte[] body) {
        read(new Completions(MODEL, "scripted", ServerOptions.DEFAULT), body);
    }

    @FuzzTest(maxDuration = "10m")
    void otherTongues(byte[] body) {
        Answers.Endpoint chat = new ChatCompletions(MODEL, "scripted", ServerOptions.DEFAULT);
        for (Tongue tongue : List.of(
                new Anthropic("scripted"),
                new Responses("scripted"),
                new Ollama("scripted", false),
                new Ollama("scripted", true))) {
            read(
                    fields -> {
                        Answers.Wanted wanted = chat.read(new Fields(tongue.chat(fields), ""));
                        tongue.voice(fields, wanted);
                        return wanted;
                    },
                    body);
        }
    }

    @FuzzTest(maxDuration = "10m")
    void texts(byte[] body) {
        read(
                fields -> {
                    new Inputs(fields, "input", MODEL).read(2048);
                    Rerank.documents(fields);
                    return null;
                },
                body);
    }

    private static void read(Answers.Endpoint endpoint, byte[] body) {
        try {
            endpoint.read(Json.parse(body));
        } catch (ApiException e) {
            if (e.status() < 400 || e.status() >= 500) throw e;
        }
    }
}
