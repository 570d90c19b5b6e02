// SPDX-License-Identifier: Apache-2.0
package dev.jay.model.text.jinja;

import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Locale;

/** Filters about text; like Jinja's they take any value as its text. */
final class TextFilters {
    private TextFilters() {}

    static Object apply(Run run, String filter, Object value, Args args) {
        return switch (filter) {
            case "upper", "lower", "capitalize" -> {
                args.bind(run, "filter " + filter, 0);
                yield Strings.cased(run, Py.text(run, value), filter);
            }
            case "title" -> {
                args.bind(run, "filter title", 0);
                yield title(run, Py.text(run, value));
            }
            case "trim" -> {
                Object chars = args.bind(run, "filter trim", 0, "chars")[0];
                boolean space = !Args.given(chars) || chars == null;
                String stripped = space ? null : Args.text(run, "filter trim", chars, "");
                yield Strings.strip(run, Py.text(run, value), stripped, true, true);
            }
            case "replace" -> {
                Object[] a = args.bind(run, "filter replace", 2, "old", "new", "count");
                long most = a[2] == null ? -1 : Args.integer(run, "filter replace", a[2], -1);
                yield Strings.replace(run, Py.text(run, value), Py.text(run, a[0]), Py.text(run, a[1]), most);
            }
            case "string", "safe" -> {
                args.bind(run, "filter " + filter, 0);
                yield Py.text(run, value);
            }
            case "escape", "e", "forceescape" -> {
                args.bind(run, "filter " + filter, 0);
                yield escape(run, Py.text(run, value));
            }
            case "indent" -> indent(run, value, args.bind(run, "filter indent", 0, "width", "first", "blank"));
            case "center" -> {
                long width = Args.integer(run, "filter center", args.bind(run, "filter center", 0, "width")[0], 80);
                yield Strings.justify(run, Py.text(run, value), "center", width, " ");
            }
            case "format" -> format(run, Py.text(run, value), args);
            case "wordcount" -> {
                args.bind(run, "filter wordcount", 0);
                yield words(run, Py.text(run, value));
            }
            case "truncate" -> truncate(run, value, args);
            case "urlencode" -> {
                args.bind(run, "filter urlencode", 0);
                yield urlEncode(run, Py.text(run, value));
            }
            default -> Filters.UNKNOWN;
        };
    }

    /** A capital behind white space, '-' and opening brackets. */
    private static String title(Run run, String s) {
        run.makeText("changing case", s.length());
        StringBuilder out = new StringBuilder(s.length());
        int from = 0;
        while (from < s.length()) {
            int to = from;
            while (to < s.length() && !separates(s.charAt(to))) to++;
            if (to > from) out.append(Strings.capitalized(s.substring(from, to)));
            while (to < s.length() && separates(s.charAt(to))) out.append(s.charAt(to++));
            from = to;
        }
        return out.toString();
    }

    private static boolean separates(char c) {
        return Chars.isSpace(c) || c == '-' || c == '(' || c == '{' || c == '[' || c == '<';
    }

    static String escape(Run run, String s) {
        Text out = Text.value(run, "escaping");
        for (int i = 0; i < s.length(); i++) {
            char c = s.charAt(i);
            switch (c) {
                case '&' -> out.add("&amp;");
                case '<' -> out.add("&lt;");
                case '>' -> out.add("&gt;");
                case '"' -> out.add("&#34;");
                case '\'' -> out.add("&#39;");
                default -> out.add(c);
            }
        }
        return out.made();
    }

    private static String indent(Run run, Object value, Object[] args) {
        if (!(value instanceof String s)) {
            Py.defined(run, value);
            throw run.error("filter indent: expected a string, got " + Py.describe(value));
        }
        String by = args[0] instanceof String given ? given : null;
        if (by == null) {
            long width = Math.max(0, Args.integer(run, "filter indent", args[0], 4));
            run.makeText("indenting", width);
            by = " ".repeat((int) width);
        }
        boolean blank = Args.flag(args[2], false);
        Text out = Text.value(run, "indenting");
        if (Args.flag(args[1], false)) out.add(by);
        // As if the text ended with one more line break: a trailing one leaves an empty last line, which counts.
        List<Object> lines = Strings.lines(run, s + "\n", false);
        for (int i = 0; i < lines.size(); i++) {
            String line = (String) lines.get(i);
            if (i > 0) out.add('\n');
            if (i > 0 && (blank || !line.isEmpty())) out.add(by);
            out.add(line);
        }
        return out.made();
    }

    private static String format(Run run, String format, Args args) {
        if (args.named().isEmpty()) return Formats.percent(run, format, new Values.Tuple(args.positional()));
        if (!args.positional().isEmpty()) {
            throw run.error("filter format: expected either positional or named arguments, got both");
        }
        return Formats.percent(run, format, args.named());
    }

    private static Object words(Run run, String s) {
        run.look(s.length());
        long words = 0;
        boolean in = false;
        for (int i = 0; i < s.length(); i++) {
            boolean letter = Character.isLetterOrDigit(s.charAt(i)) || s.charAt(i) == '_';
            if (letter && !in) words++;
            in = letter;
        }
        return words;
    }

    private static String truncate(Run run, Object value, Args args) {
        Object[] a = args.bind(run, "filter truncate", 0, "length", "killwords", "end", "leeway");
        String s = Py.text(run, value);
        long length = Args.integer(run, "filter truncate", a[0], 255);
        String end = Args.text(run, "filter truncate", a[2], "...");
        long leeway = a[3] == null ? 5 : Args.integer(run, "filter truncate", a[3], 5);
        int endLength = Py.length(run, end);
        if (length < endLength || leeway < 0) {
            throw run.error("filter truncate: length=" + length + ", allowed>=" + endLength + ", leeway=" + leeway
                    + ", allowed>=0");
        }
        if (Py.length(run, s) <= length + leeway) return s;
        String kept = Sequences.characters(run, s, 0, length - endLength, 1);
        int space = kept.lastIndexOf(' ');
        if (!Args.flag(a[1], false) && space >= 0) kept = kept.substring(0, space);
        run.makeText("truncating", (long) kept.length() + end.length());
        return kept + end;
    }

    private static String urlEncode(Run run, String s) {
        run.makeText("encoding", s.length() * 3L);
        Text out = Text.value(run, "encoding");
        for (byte b : s.getBytes(StandardCharsets.UTF_8)) {
            boolean plain =
                    b >= 'a' && b <= 'z' || b >= 'A' && b <= 'Z' || b >= '0' && b <= '9' || "-_.~/".indexOf(b) >= 0;
            if (plain) out.add((char) b);
            else out.add("%").add(String.format("%02x", b & 0xff).toUpperCase(Locale.ROOT));
        }
        return out.made();
    }
}
