// SPDX-License-Identifier: Apache-2.0
package dev.jay.app.http;

import dev.jay.engine.Model;
import dev.jay.tensor.kernel.Numerics;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Base64;
import java.util.List;
import java.util.OptionalInt;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/** {@code POST /v1/embeddings}, and Ollama's {@code /api/embed} and {@code /api/embeddings}: vectors of length one. */
final class Embeddings {
    private static final int MOST_INPUTS = 2048; // as the API says

    private final Model model;
    private final String modelName;
    private final Vectors vectors;

    Embeddings(Model model, String modelName, Vectors vectors) {
        this.model = model;
        this.modelName = modelName;
        this.vectors = vectors;
    }

    Doors.Action openai() {
        return (fields, tenant, req, res) -> {
            AnswerFields.checkModel(fields, model, modelName);
            boolean base64 = isBase64(fields);
            checkDimensions(fields);
            List<int[]> inputs = new Inputs(fields, "input", model).read(MOST_INPUTS);
            Vectors.Made made = vectors.of(inputs, AnswerFields.numerics(fields), "input", req, res);
            ObjectNode reply = Json.object().put("object", "list");
            ArrayNode data = reply.putArray("data");
            for (float[] vector : made.vectors()) {
                ObjectNode one = data.addObject().put("object", "embedding").put("index", data.size() - 1);
                if (base64) one.put("embedding", base64(vector));
                else numbers(one.putArray("embedding"), vector);
            }
            reply.put("model", modelName);
            reply.putObject("usage").put("prompt_tokens", made.tokens()).put("total_tokens", made.tokens());
            Routes.send(res, reply);
        };
    }

    private static boolean isBase64(Fields fields) {
        String format = fields.text("encoding_format").orElse("float");
        if (!format.equals("float") && !format.equals("base64")) {
            throw fields.unsupported("encoding_format", "allowed: float, base64");
        }
        return format.equals("base64");
    }

    /** A vector cut short is one of its own only where a model was trained for that, which files do not say. */
    private void checkDimensions(Fields fields) {
        OptionalInt asked = fields.integer("dimensions", 1, Integer.MAX_VALUE);
        if (asked.isPresent() && asked.getAsInt() != vectors.dim()) {
            throw fields.unsupported("dimensions", "this model has " + vectors.dim());
        }
    }

    static String base64(float[] vector) {
        ByteBuffer bytes = ByteBuffer.allocate(vector.length * Float.BYTES).order(ByteOrder.LITTLE_ENDIAN);
        for (float v : vector) bytes.putFloat(v);
        return Base64.getEncoder().encodeToString(bytes.array());
    }

    private static void numbers(ArrayNode to, float[] vector) {
        for (float v : vector) to.add(v);
    }

    /** @param legacy one prompt and one vector, as {@code /api/embeddings} has it */
    Doors.Action ollama(boolean legacy) {
        String name = legacy ? "prompt" : "input";
        return (fields, tenant, req, res) -> {
            long began = System.nanoTime();
            ObjectNode asked = Json.object();
            Ollama.model(fields, asked);
            AnswerFields.checkModel(new Fields(asked, ""), model, modelName);
            checkDimensions(fields);
            boolean cut = legacy || !fields.has("truncate") || fields.flag("truncate");
            List<int[]> inputs = new Inputs(fields, name, model)
                    .read(MOST_INPUTS).stream()
                            .map(i -> cut ? vectors.cut(i) : i)
                            .toList();
            Vectors.Made made = vectors.of(inputs, Numerics.FAST, name, req, res);
            ObjectNode reply = Json.object();
            if (legacy) {
                numbers(reply.putArray("embedding"), made.vectors().getFirst());
            } else {
                reply.put("model", fields.text("model").orElse(modelName));
                ArrayNode all = reply.putArray("embeddings");
                for (float[] vector : made.vectors()) numbers(all.addArray(), vector);
                reply.put("total_duration", System.nanoTime() - began).put("load_duration", 0);
                reply.put("prompt_eval_count", made.tokens());
            }
            Routes.send(res, reply);
        };
    }
}
