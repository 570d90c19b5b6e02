// SPDX-License-Identifier: Apache-2.0
package dev.jay.model.text;

/** Puts a space in front, cuts as GPT-2 does, and writes bytes as letters; the first two if asked. */
final class ByteLevelStep implements PieceStep {
    private static final byte[] SPACE = {' '};

    private final boolean prefix;
    private final Splitting splitting;

    ByteLevelStep(PipelinePart part) {
        prefix = part.flag("add_prefix_space", true);
        splitting = part.flag("use_regex", true)
                ? new Splitting(new ScannedPattern(new Gpt2Split()), Splitting.Behavior.ISOLATED, false)
                : null;
    }

    @Override
    public Pieces apply(Pieces in) {
        Pieces prefixed = prefix ? prefixed(in) : in;
        return letters(splitting == null ? prefixed : splitting.apply(prefixed));
    }

    private static Pieces prefixed(Pieces in) {
        Pieces out = in.rewrite();
        for (int p = 0; p < in.count(); p++) {
            int start = out.written();
            if (in.text()[in.from(p)] != ' ') out.write(SPACE, 0, 1);
            out.write(in.text(), in.from(p), in.to(p));
            out.close(start);
        }
        return out;
    }

    private static Pieces letters(Pieces in) {
        Pieces out = in.rewrite();
        byte[] letters = new byte[64];
        for (int p = 0; p < in.count(); p++) {
            int start = out.written();
            int most = 2 * (in.to(p) - in.from(p));
            if (most > letters.length) letters = new byte[2 * most];
            out.write(letters, 0, ByteLetters.write(in.text(), in.from(p), in.to(p), letters));
            out.close(start);
        }
        return out;
    }
}
