// SPDX-License-Identifier: Apache-2.0
package dev.jay.engine;

import dev.jay.engine.sample.Sampling;
import dev.jay.engine.sample.grammar.Grammar;
import java.io.ByteArrayOutputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;

/** By what a request is known again: a hash of all that its answer depends on, and of whose it is. */
final class RequestPrint {
    static final int BYTES = 32;

    /** Fields of a request that are in its print; a test holds the class against this. */
    static final Set<String> COUNTED = Set.of(
            "prompt",
            "promptEnds",
            "sampling",
            "numerics",
            "maxTokens",
            "stops",
            "stopTokens",
            "ignoreEos",
            "grammar",
            "writtenTokens",
            "adapters",
            "tenant");

    /** Those that do not change an answer, and those with which nothing is parked: {@link #canPark}. */
    static final Set<String> LEFT_OUT =
            Set.of("timeLimit", "priority", "firstToken", "logprobs", "scoresFrom", "shared", "hidden");

    private RequestPrint() {}

    /** Whether its tokens alone are the answer so far, and it lets what it said be kept. */
    static boolean canPark(Request r) {
        return r.isShared() && r.logprobs() < 0 && r.scoresFrom() < 0 && r.hidden() == null;
    }

    /** As hexadecimal digits. @param prompt what the request's prompt came to */
    static String of(Request r, int... prompt) {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try (DataOutputStream out = new DataOutputStream(bytes)) {
            out.writeUTF(r.numerics().name());
            text(out, r.tenant());
            out.writeInt(r.maxTokens().orElse(-1));
            out.writeBoolean(r.ignoreEos());
            out.writeInt(prompt.length);
            for (int token : prompt) out.writeInt(token);
            out.writeInt(r.promptEnds().size());
            for (int place : r.promptEnds()) out.writeInt(place);
            out.writeInt(r.stops().size());
            for (String stop : r.stops()) text(out, stop);
            out.writeInt(r.stopTokens().size());
            for (int token : new TreeSet<>(r.stopTokens())) out.writeInt(token);
            out.writeInt(r.writtenTokens().size());
            for (int token : new TreeSet<>(r.writtenTokens())) out.writeInt(token);
            text(out, r.adapters().map(AdapterMix::salt).orElse(""));
            text(out, r.grammar().map(Grammar::kind).orElse(""));
            text(out, r.grammar().map(Grammar::source).orElse(""));
            Sampling s = r.sampling();
            for (Map.Entry<Integer, Float> bias : new TreeMap<>(s.logitBias()).entrySet()) {
                out.writeInt(bias.getKey());
                out.writeFloat(bias.getValue());
            }
            text(out, s.withLogitBias(Map.of()).toString()); // a record: all of its fields
        } catch (IOException e) {
            throw new IllegalStateException("writing to memory failed", e);
        }
        try {
            byte[] hash = MessageDigest.getInstance("SHA-256").digest(bytes.toByteArray());
            return HexFormat.of().formatHex(Arrays.copyOf(hash, BYTES));
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("this JDK lacks SHA-256", e);
        }
    }

    private static void text(DataOutputStream out, String text) throws IOException {
        out.writeInt(text.length());
        out.writeChars(text);
    }
}
