// SPDX-License-Identifier: Apache-2.0
package dev.jay.model.text;

/** The pre-tokenizers of a tokenizer.json that take a line or two. */
final class Cuts {
    private static final Splitting WHITE_SPACE = removing(Utf8::isSpace);
    private static final Splitting SIGNS = isolating(Cuts::isPunctuation);

    private Cuts() {}

    private static Splitting removing(Splitting.OneCharacter pattern) {
        return new Splitting(pattern, Splitting.Behavior.REMOVED, false);
    }

    private static Splitting isolating(Splitting.OneCharacter pattern) {
        return new Splitting(pattern, Splitting.Behavior.ISOLATED, false);
    }

    private static boolean isPunctuation(int c) {
        if (c < 128)
            return c >= '!' && c <= '/' || c >= ':' && c <= '@' || c >= '[' && c <= '`' || c >= '{' && c <= '~';
        return switch (Character.getType(c)) {
            case Character.DASH_PUNCTUATION,
                    Character.START_PUNCTUATION,
                    Character.END_PUNCTUATION,
                    Character.CONNECTOR_PUNCTUATION,
                    Character.OTHER_PUNCTUATION,
                    Character.INITIAL_QUOTE_PUNCTUATION,
                    Character.FINAL_QUOTE_PUNCTUATION -> true;
            default -> false;
        };
    }

    static PieceStep split(PipelinePart part) {
        return new Splitting(Expressions.of(part), Splitting.Behavior.of(part), part.flag("invert", false));
    }

    static PieceStep whiteSpace(PipelinePart part) {
        return WHITE_SPACE;
    }

    /** Words, and runs of what is neither a word nor a space. */
    static PieceStep words(PipelinePart part) {
        Splitting.Pattern runs = (text, from, to, parts) -> {
            for (int at = from; at < to; ) {
                int kind = kind(Utf8.at(text, at));
                int end = at;
                while (end < to && kind(Utf8.at(text, end)) == kind) end += Utf8.length(text[end]);
                parts.part(at, end, kind == 0);
                at = end;
            }
        };
        return new Splitting(runs, Splitting.Behavior.REMOVED, false);
    }

    private static int kind(int c) {
        return Utf8.isSpace(c) ? 0 : Utf8.isWord(c) ? 1 : 2;
    }

    static PieceStep punctuation(PipelinePart part) {
        Splitting.Behavior behavior =
                part.get("behavior").isMissing() ? Splitting.Behavior.ISOLATED : Splitting.Behavior.of(part);
        Splitting.OneCharacter each = Cuts::isPunctuation;
        return new Splitting(each, behavior, false);
    }

    static PieceStep digits(PipelinePart part) {
        Splitting.OneCharacter each = Utf8::isNumber;
        boolean alone = part.flag("individual_digits", false);
        return new Splitting(each, alone ? Splitting.Behavior.ISOLATED : Splitting.Behavior.CONTIGUOUS, false);
    }

    static PieceStep bert(PipelinePart part) {
        return pieces -> SIGNS.apply(WHITE_SPACE.apply(pieces));
    }

    static PieceStep delimiter(PipelinePart part) {
        int delimiter = part.text("delimiter").codePointAt(0);
        return removing(c -> c == delimiter);
    }
}
