// SPDX-License-Identifier: Apache-2.0
package dev.jay.engine;

import java.util.ArrayList;
import java.util.List;

/** A sink that writes everything down and checks the order of its calls. Ready while {@code room} lasts. */
final class Answer implements TokenSink {
    final StringBuilder text = new StringBuilder();
    final List<Choice> tokens = new ArrayList<>();
    final List<Double> scores = new ArrayList<>();
    int pieces;
    int room = Integer.MAX_VALUE;
    int failAfter = Integer.MAX_VALUE;
    Finish finish;

    @Override
    public boolean isReady() {
        return pieces < room;
    }

    @Override
    public void onPiece(Piece piece) {
        if (finish != null) throw new AssertionError("a piece after the end");
        if (pieces >= failAfter) throw new IllegalStateException("broken sink");
        pieces++;
        text.append(piece.text());
        tokens.addAll(piece.tokens());
    }

    @Override
    public void onPromptScore(int place, double logprob) {
        scores.add(logprob);
    }

    @Override
    public void onFinish(Finish how) {
        if (finish != null) throw new AssertionError("finished twice");
        finish = how;
    }

    List<Integer> ids() {
        return tokens.stream().map(Choice::token).toList();
    }

    /** What must not depend on company. */
    String outcome() {
        return finish.reason() + " " + ids() + " '" + text + "'";
    }
}
