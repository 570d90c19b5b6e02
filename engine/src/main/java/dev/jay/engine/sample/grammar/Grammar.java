// SPDX-License-Identifier: Apache-2.0
package dev.jay.engine.sample.grammar;

/**
 * What a text may be: bytes, whatever vocabulary writes them. Read once, bounded in size whatever it says; immutable and
 * thread-safe. Two grammars of the same kind and source are equal.
 */
public final class Grammar {
    static final String JSON_SCHEMA = "json-schema";
    static final String REGEX = "regex";
    static final String GBNF = "gbnf";

    private final String kind;
    private final String source;
    private final Network network;

    private Grammar(String kind, String source, Network network) {
        this.kind = kind;
        this.source = source;
        this.network = network;
    }

    /**
     * Texts that a JSON schema describes, with the properties in its order. See {@link JsonSchema} for what is read.
     *
     * @throws GrammarException naming the keyword that cannot be honoured
     */
    public static Grammar ofJsonSchema(String schema) {
        return new Grammar(JSON_SCHEMA, schema, JsonSchema.network(schema));
    }

    /** Any JSON object. */
    public static Grammar ofJsonObject() {
        return ofJsonSchema("{\"type\":\"object\"}");
    }

    /**
     * Texts that a regular expression (ECMA-262, the regular part of it) matches whole.
     *
     * @throws GrammarException saying what is wrong and where
     */
    public static Grammar ofRegex(String regex) {
        NetworkBuilder to = new NetworkBuilder();
        int root = to.rule("the expression");
        CharDfa texts = CharDfa.of(RegexReader.read(regex), false);
        new TextRules(to, false).add(to.start(root), texts, to.end(root));
        return new Grammar(REGEX, regex, to.build());
    }

    /**
     * Texts that a grammar in llama.cpp's notation (GBNF) makes from its rule {@code root}.
     *
     * @throws GrammarException saying what is wrong and where
     */
    public static Grammar ofGbnf(String rules) {
        NetworkBuilder to = new NetworkBuilder();
        new GbnfReader(rules, to).root();
        return new Grammar(GBNF, rules, to.build());
    }

    /** @throws GrammarException if one of its parts cannot be honoured */
    public static Grammar of(Form form) {
        NetworkBuilder to = new NetworkBuilder();
        int root = to.rule("the answer");
        new FormWriter(to).add(to.start(root), form, to.end(root));
        return new Grammar("form", form.toString(), to.build());
    }

    Network network() {
        return network;
    }

    public String kind() {
        return kind;
    }

    public String source() {
        return source;
    }

    /** What it takes of the heap, about. */
    public long heapBytes() {
        return network.heapBytes() + 2L * source.length();
    }

    @Override
    public boolean equals(Object o) {
        return o instanceof Grammar g && kind.equals(g.kind) && source.equals(g.source);
    }

    @Override
    public int hashCode() {
        return 31 * kind.hashCode() + source.hashCode();
    }

    @Override
    public String toString() {
        return kind + ": " + source;
    }
}
