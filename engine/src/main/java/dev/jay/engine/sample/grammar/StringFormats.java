// SPDX-License-Identifier: Apache-2.0
package dev.jay.engine.sample.grammar;

import java.util.HashMap;
import java.util.Map;
import java.util.TreeMap;

/** What {@code format} comes to: an expression for texts of it, none where it says nothing about the text. */
final class StringFormats {
    private static final String DATE = "(?:\\d{4}-(?:(?:0[13578]|1[02])-(?:0[1-9]|[12]\\d|3[01])"
            + "|(?:0[469]|11)-(?:0[1-9]|[12]\\d|30)|02-(?:0[1-9]|1\\d|2[0-8]))"
            + "|(?:\\d\\d(?:0[48]|[2468][048]|[13579][26])|(?:[02468][048]|[13579][26])00)-02-29)";
    private static final String CLOCK = "(?:[01]\\d|2[0-3]):[0-5]\\d";
    private static final String TIME = CLOCK + ":[0-5]\\d(?:\\.\\d{1,9})?(?:Z|[+-]" + CLOCK + ")";
    private static final String LABEL = "[a-zA-Z0-9](?:[a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?";
    private static final String HOST = LABEL + "(?:\\." + LABEL + "){0,3}";
    private static final String BYTE = "(?:25[0-5]|2[0-4]\\d|1\\d\\d|[1-9]?\\d)";
    private static final String IPV4 = BYTE + "(?:\\." + BYTE + "){3}";
    private static final String GROUP = "[0-9a-fA-F]{1,4}";
    private static final Map<String, String> TEXTS = texts();

    private StringFormats() {}

    private static Map<String, String> texts() {
        Map<String, String> all = new HashMap<>();
        all.put("date", DATE);
        all.put("time", TIME);
        all.put("date-time", DATE + "T" + TIME);
        all.put("duration", "P(?:\\d{1,4}W|\\d{1,4}D|\\d{1,4}DT\\d{1,4}H|T\\d{1,4}H(?:\\d{1,4}M)?|T\\d{1,4}[MS])");
        all.put("uuid", "[0-9a-fA-F]{8}-(?:[0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}");
        all.put("email", "[a-zA-Z0-9_+-]{1,32}(?:\\.[a-zA-Z0-9_+-]{1,16}){0,2}@[a-z0-9]{1,32}(?:\\.[a-z]{2,10}){1,2}");
        all.put("hostname", HOST);
        all.put("ipv4", IPV4);
        all.put("ipv6", "(?:" + GROUP + ":){7}" + GROUP + "|(?:" + GROUP + ":){1,3}(?::" + GROUP + "){1,3}|::1");
        String path = "(?:/[a-zA-Z0-9._~-]{0,64}){0,8}(?:\\?[a-zA-Z0-9._~=&-]{0,64})?(?:#[a-zA-Z0-9._~-]{0,64})?";
        all.put(
                "uri",
                "[a-z]{1,10}://[a-z0-9](?:[a-z0-9-]{0,30}[a-z0-9])?(?:\\.[a-z]{2,10}){0,3}(?::[1-9]\\d{0,3})?" + path);
        all.put("uri-reference", path);
        for (String silent : new String[] {"password", "binary", "byte", "regex", "float", "double", ""}) {
            all.put(silent, null);
        }
        for (String whole : new String[] {"int32", "int64", "uint32", "uint64", "decimal"}) all.put(whole, null);
        return all;
    }

    /** Null where nothing is said. @throws GrammarException if it is not known */
    static String of(String format) {
        if (!TEXTS.containsKey(format)) {
            throw SchemaShape.wrong(
                    "format", "unknown: " + SchemaKeywords.shown(format) + ", known: " + new TreeMap<>(TEXTS).keySet());
        }
        return TEXTS.get(format);
    }
}
