// SPDX-License-Identifier: Apache-2.0
package dev.jay.kv;

import java.lang.foreign.MemorySegment;

/** One stream of one sequence: its rows in pages. Slot s of coded rows holds the token at position s. */
interface StreamTable {
    /** Rows for the next positions; provisional until settled. */
    void append(int position, int count, MemorySegment keys, MemorySegment values, EachToken each);

    /** Keeps the first {@code tokens} tokens as history; pages that hold nothing more go back. */
    void settle(int tokens);

    /** Gives every page back. */
    void clear();

    /** The settled rows of another of the same recipe, copied, where this has none; and all that is known of them. */
    default void take(StreamTable other) {
        throw new IllegalStateException("kv rows here are not copied from sequence to sequence");
    }

    /** Tokens appended. */
    int length();

    /** Pages held. */
    int pageCount();

    PageLayout layout();

    KvRecipe recipe();

    /** Copies the pages of coded tokens [from, to), where {@code from} begins one. */
    default void pagesOf(int from, int to, int[] into, int at) {
        throw notShared();
    }

    /** One more holder of these pages: the next tokens, which end a page. */
    default void share(int[] others, int at, int tokens) {
        throw notShared();
    }

    /** The next tokens, copied from these pages to pages of its own. */
    default void copy(int[] others, int at, int tokens) {
        throw notShared();
    }

    /** Holds these pages instead of its own from token {@code from} on. */
    default void replace(int from, int[] others, int at, int tokens) {
        throw notShared();
    }

    private static IllegalStateException notShared() {
        return new IllegalStateException("kv rows of which some are forgotten are shared with nobody");
    }

    /** The rows themselves, where each is coded by itself and stays where it is. */
    default PageTable rows() {
        throw new IllegalStateException("kv rows here are sealed in groups, or move");
    }

    /** {@link KvSource#forgotten}. */
    default int forgotten(int head) {
        return 0;
    }

    /** The first place after a position where a step must end, because something is forgotten there. */
    default int nextEnd(int position) {
        return Integer.MAX_VALUE;
    }

    /** Where prompts end. Before the first row comes. */
    default void promptsEnd(int[] places) {}

    /** {@link KvSource#watchedFrom}. */
    default int watchedFrom(int to) {
        return to;
    }

    /** Before queries of a pass are shown. */
    default void beginSeeing() {}

    /** {@link KvSource#see}. */
    default void see(int head, SeenQueries seen) {
        throw new IllegalStateException("nothing here looks at queries");
    }

    /** {@link KvSource#selectsFrom}. */
    default int selectsFrom() {
        return Integer.MAX_VALUE;
    }

    /** {@link KvSource#summaries}. */
    default UnitSummaries summaries() {
        throw new IllegalStateException("kv rows here are all read");
    }

    /** {@link KvSource#biases}. */
    default void biases(int head, int from, int to, MemorySegment into, long at) {
        throw new IllegalStateException("kv rows here count for one each");
    }

    /** {@link KvSource#addresses}. */
    default void addresses(int head, int from, int to, long[] into) {
        throw new IllegalStateException("kv rows that are sealed in groups are not read where they lie");
    }

    /** {@link KvSource#coded}. */
    default void coded(int head, int from, int to, HeadRows rows) {
        throw new IllegalStateException("kv rows that are coded as they come are read where they lie");
    }

    /** {@link KvSource#recent}. */
    default void recent(int head, int from, int to, HeadRows rows) {
        throw new IllegalStateException("kv rows that are coded as they come have no others");
    }
}
