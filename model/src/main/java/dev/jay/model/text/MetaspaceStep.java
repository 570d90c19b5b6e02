// SPDX-License-Identifier: Apache-2.0
package dev.jay.model.text;

import dev.jay.model.load.MalformedModelException;

/** Writes a space as another character (U+2581), puts one in front, and cuts before each. */
final class MetaspaceStep implements PieceStep {
    /** Where one is put in front of a piece that has none. */
    enum Prepend {
        ALWAYS,
        FIRST,
        NEVER
    }

    private final byte[] replacement;
    private final Prepend prepend;
    private final Splitting splitting;

    MetaspaceStep(PipelinePart part) {
        int character = replacement(part).codePointAt(0);
        replacement = Utf8.of(Character.toString(character));
        prepend = prepend(part);
        boolean split = part.flag("split", true);
        Splitting.OneCharacter each = c -> c == character;
        splitting = split ? new Splitting(each, Splitting.Behavior.MERGED_WITH_NEXT, false) : null;
    }

    static String replacement(PipelinePart part) {
        String text = part.optionalText("replacement").orElse("\u2581");
        if (text.codePointCount(0, text.length()) != 1) throw part.wrong("has a replacement that is not one character");
        return text;
    }

    static Prepend prepend(PipelinePart part) {
        String scheme =
                part.optionalText("prepend_scheme").orElse(part.flag("add_prefix_space", true) ? "always" : "never");
        return switch (scheme) {
            case "always" -> Prepend.ALWAYS;
            case "first" -> Prepend.FIRST;
            case "never" -> Prepend.NEVER;
            default -> throw part.wrong("has an unknown prepend_scheme: " + MalformedModelException.shown(scheme));
        };
    }

    @Override
    public Pieces apply(Pieces in) {
        Pieces out = in.rewrite();
        byte[] text = in.text();
        for (int p = 0; p < in.count(); p++) {
            int start = out.written();
            boolean wanted = prepend == Prepend.ALWAYS || prepend == Prepend.FIRST && in.isFirst(p);
            if (wanted && !startsWithSpace(text, in.from(p), in.to(p))) out.write(replacement, 0, replacement.length);
            int open = in.from(p);
            for (int i = open; i < in.to(p); i++) {
                if (text[i] != ' ') continue;
                out.write(text, open, i);
                out.write(replacement, 0, replacement.length);
                open = i + 1;
            }
            out.write(text, open, in.to(p));
            out.close(start);
        }
        return splitting == null ? out : splitting.apply(out);
    }

    private boolean startsWithSpace(byte[] text, int from, int to) {
        if (text[from] == ' ') return true;
        for (int i = 0; i < replacement.length; i++) {
            if (from + i >= to || text[from + i] != replacement[i]) return false;
        }
        return true;
    }
}
