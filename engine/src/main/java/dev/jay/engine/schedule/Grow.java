// SPDX-License-Identifier: Apache-2.0
package dev.jay.engine.schedule;

import dev.jay.tensor.Catalog;

/** What it has and some tokens ahead: more run side by side, and the youngest gives way when that was too many. */
record Grow(int ahead) implements Admission {
    static final Catalog.Entry<Admission> ENTRY = new Catalog.Entry<>(
            "grow",
            "room for what it has and the tokens ahead; the youngest gives way when pages run out",
            args -> new Grow(args.intOf("ahead", 64)));

    Grow {
        if (ahead < 1) throw new IllegalArgumentException("admission grow: ahead=" + ahead + ", allowed: 1 or more");
    }

    @Override
    public int tokens(Work work) {
        return (int) Math.min(work.limit(), (long) work.length() + ahead);
    }
}
