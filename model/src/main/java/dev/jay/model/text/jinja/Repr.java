// SPDX-License-Identifier: Apache-2.0
package dev.jay.model.text.jinja;

import dev.jay.model.text.jinja.Values.Generator;
import dev.jay.model.text.jinja.Values.Namespace;
import dev.jay.model.text.jinja.Values.Range;
import dev.jay.model.text.jinja.Values.Tuple;
import dev.jay.model.text.jinja.Values.Undefined;
import dev.jay.model.text.jinja.Values.View;
import java.math.BigInteger;
import java.util.List;
import java.util.Map;

/** {@code repr}: a value as Python writes it in a program. */
final class Repr {
    private final Run run;
    private final Text out;

    private Repr(Run run) {
        this.run = run;
        this.out = Text.value(run, "writing a value as text");
    }

    static String of(Run run, Object value) {
        Repr repr = new Repr(run);
        repr.write(value);
        return repr.out.made();
    }

    private void write(Object value) {
        run.enter("writing a value as text");
        switch (value) {
            case null -> out.add("None");
            case Boolean b -> out.add(b ? "True" : "False");
            case Long l -> out.add(Long.toString(l));
            case BigInteger b -> out.add(b.toString());
            case Double d -> out.add(Numbers.text(d));
            case String s -> string(s);
            case Range r -> range(r);
            case List<?> l -> sequence("[", l, "]");
            case Tuple t -> sequence("(", t.items(), t.items().size() == 1 ? ",)" : ")");
            case View v -> sequence(v.kind() + "([", v.items(), "])");
            case Map<?, ?> m -> map(m);
            case Undefined u -> out.add("Undefined");
            case Namespace n -> {
                out.add("<Namespace ");
                map(n.attributes);
                out.add(">");
            }
            case Generator g -> out.add("<generator>");
            default -> out.add("<" + Py.type(value) + ">");
        }
        run.leave();
    }

    private void range(Range r) {
        out.add("range(" + r.start + ", " + r.stop + (r.step == 1 ? ")" : ", " + r.step + ")"));
    }

    private void sequence(String open, List<?> items, String close) {
        out.add(open);
        boolean first = true;
        for (Object item : items) {
            if (!first) out.add(", ");
            first = false;
            write(item);
        }
        out.add(close);
    }

    private void map(Map<?, ?> map) {
        out.add("{");
        boolean first = true;
        for (Map.Entry<?, ?> entry : map.entrySet()) {
            if (!first) out.add(", ");
            first = false;
            write(entry.getKey());
            out.add(": ");
            write(entry.getValue());
        }
        out.add("}");
    }

    private void string(String s) {
        char quote = s.indexOf('\'') >= 0 && s.indexOf('"') < 0 ? '"' : '\'';
        out.add(quote);
        s.codePoints().forEach(c -> character(c, quote));
        out.add(quote);
    }

    private void character(int c, char quote) {
        if (c == quote || c == '\\') out.add('\\').add((char) c);
        else if (c == '\n') out.add("\\n");
        else if (c == '\r') out.add("\\r");
        else if (c == '\t') out.add("\\t");
        else if (Chars.isPrintable(c)) out.addCodePoint(c);
        else if (c < 0x100) out.add(String.format("\\x%02x", c));
        else if (c < 0x10000) out.add(String.format("\\u%04x", c));
        else out.add(String.format("\\U%08x", c));
    }
}
