// SPDX-License-Identifier: Apache-2.0
package dev.jay.model.text.jinja;

import dev.jay.model.text.jinja.Values.Tuple;
import java.util.List;
import java.util.Set;

/** The methods of {@code str}. */
final class StringMethods {
    static final Set<String> NAMES = Set.of(
            "strip",
            "lstrip",
            "rstrip",
            "split",
            "rsplit",
            "splitlines",
            "startswith",
            "endswith",
            "replace",
            "upper",
            "lower",
            "title",
            "capitalize",
            "swapcase",
            "casefold",
            "find",
            "rfind",
            "index",
            "rindex",
            "count",
            "join",
            "format",
            "isdigit",
            "isdecimal",
            "isnumeric",
            "isalpha",
            "isalnum",
            "isspace",
            "isupper",
            "islower",
            "isascii",
            "zfill",
            "center",
            "ljust",
            "rjust",
            "partition",
            "rpartition",
            "removeprefix",
            "removesuffix");

    private StringMethods() {}

    static Object call(Run run, String s, String name, Args args) {
        run.look(s.length());
        return switch (name) {
            case "strip", "lstrip", "rstrip" -> strip(run, s, name, args);
            case "split", "rsplit" -> split(run, s, name, args);
            case "splitlines" -> {
                Object keep = args.bind(run, name, 0, "keepends")[0];
                yield Strings.lines(run, s, Args.flag(keep, false));
            }
            case "startswith", "endswith" -> hasEnd(run, s, name, args);
            case "replace" -> {
                Object[] a = args.bind(run, name, 2, "old", "new", "count");
                String old = Args.text(run, name, a[0], "");
                yield Strings.replace(run, s, old, Args.text(run, name, a[1], ""), Args.integer(run, name, a[2], -1));
            }
            case "upper", "lower", "title", "capitalize", "swapcase", "casefold" -> {
                args.bind(run, name, 0);
                yield Strings.cased(run, s, name);
            }
            case "find", "rfind", "index", "rindex" -> find(run, s, name, args);
            case "count" -> Strings.count(run, s, Args.text(run, name, args.bind(run, name, 1, "sub")[0], ""));
            case "join" -> Strings.join(run, Py.elements(run, args.bind(run, name, 1, "iterable")[0]), s);
            case "format" -> Formats.braces(run, s, args);
            case "zfill" -> Strings.zeroFill(run, s, Args.integer(run, name, args.bind(run, name, 1, "width")[0], 0));
            case "center", "ljust", "rjust" -> {
                Object[] a = args.bind(run, name, 1, "width", "fillchar");
                String fill = Args.text(run, name, a[1], " ");
                yield Strings.justify(run, s, name, Args.integer(run, name, a[0], 0), fill);
            }
            case "partition", "rpartition" -> partition(run, s, name, args);
            case "removeprefix" -> {
                String part = Args.text(run, name, args.bind(run, name, 1, "prefix")[0], "");
                yield s.startsWith(part) ? s.substring(part.length()) : s;
            }
            case "removesuffix" -> {
                String part = Args.text(run, name, args.bind(run, name, 1, "suffix")[0], "");
                yield s.endsWith(part) ? s.substring(0, s.length() - part.length()) : s;
            }
            default -> {
                args.bind(run, name, 0);
                yield Strings.is(s, name);
            }
        };
    }

    private static String strip(Run run, String s, String name, Args args) {
        Object chars = args.bind(run, name, 0, "chars")[0];
        boolean space = !Args.given(chars) || chars == null;
        return Strings.strip(
                run, s, space ? null : Args.text(run, name, chars, ""), !name.equals("rstrip"), !name.equals("lstrip"));
    }

    private static Object split(Run run, String s, String name, Args args) {
        Object[] a = args.bind(run, name, 0, "sep", "maxsplit");
        long most = Args.integer(run, name, a[1], -1);
        boolean space = !Args.given(a[0]) || a[0] == null;
        boolean right = name.equals("rsplit");
        if (space) return right ? Splits.spacesFromRight(run, s, most) : Splits.spaces(run, s, most);
        String separator = Args.text(run, name, a[0], "");
        if (separator.isEmpty()) throw run.error(name + ": separator is empty");
        return right ? Splits.fromRight(run, s, separator, most) : Splits.split(run, s, separator, most);
    }

    private static boolean hasEnd(Run run, String s, String name, Args args) {
        Object given = args.bind(run, name, 1, "affix")[0];
        List<Object> affixes =
                given instanceof Tuple tuple ? tuple.items() : List.of(given == null ? Args.ABSENT : given);
        for (Object affix : affixes) {
            if (affix == Args.ABSENT) throw run.error(name + ": expected a string or a tuple of them, got None");
            String text = Args.text(run, name, affix, "");
            run.look(text.length());
            if (name.equals("startswith") ? s.startsWith(text) : s.endsWith(text)) return true;
        }
        return false;
    }

    private static Object find(Run run, String s, String name, Args args) {
        Object[] a = args.bind(run, name, 1, "sub", "start", "end");
        String part = Args.text(run, name, a[0], "");
        Object start = Args.given(a[1]) ? a[1] : null;
        Object end = Args.given(a[2]) ? a[2] : null;
        int length = s.codePointCount(0, s.length());
        long from = start == null ? 0 : Args.integer(run, name, start, 0);
        if (from < 0) from = Math.max(0, from + length);
        String in = start == null && end == null ? s : (String) Access.slice(run, s, start, end, null);
        int at = from > length ? -1 : name.startsWith("r") ? last(run, in, part) : new Finder(run, part).next(in, 0);
        if (at < 0 && name.endsWith("index")) throw run.error(name + ": " + Py.describe(part) + " is not there");
        return at < 0 ? -1L : from + in.codePointCount(0, at);
    }

    private static int last(Run run, String s, String part) {
        int found = new Finder(run, reversed(run, part)).next(reversed(run, s), 0);
        return found < 0 ? -1 : s.length() - found - part.length();
    }

    private static String reversed(Run run, String s) {
        run.makeText("searching from the right", s.length());
        // By UTF-16 unit, where StringBuilder.reverse would keep pairs in order: places are counted in units here.
        char[] units = s.toCharArray();
        for (int i = 0, j = units.length - 1; i < j; i++, j--) {
            char c = units[i];
            units[i] = units[j];
            units[j] = c;
        }
        return new String(units);
    }

    private static Object partition(Run run, String s, String name, Args args) {
        String separator = Args.text(run, name, args.bind(run, name, 1, "sep")[0], "");
        if (separator.isEmpty()) throw run.error(name + ": separator is empty");
        boolean right = name.equals("rpartition");
        int at = right ? last(run, s, separator) : new Finder(run, separator).next(s, 0);
        run.makeText(name, s.length());
        if (at < 0) return right ? Tuple.of("", "", s) : Tuple.of(s, "", "");
        return Tuple.of(s.substring(0, at), separator, s.substring(at + separator.length()));
    }
}
