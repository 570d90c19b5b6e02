// SPDX-License-Identifier: Apache-2.0
package dev.jay.engine;

import dev.jay.engine.schedule.Admission;
import dev.jay.engine.schedule.Room;
import dev.jay.engine.schedule.SchedulerPolicy;
import dev.jay.engine.schedule.Step;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.function.Consumer;

/**
 * Who has been promised how many KV pages. A sequence is let in when what the admission policy says that it needs fits
 * beside what the others were promised. Where that is not all that it can come to need it grows later, and others give way.
 * Pages that several stand on are counted once; idle prefixes give way to anybody. Confined to the engine thread.
 */
final class Promises {
    private static final int LEAST_WORTH_WAITING = 8; // tokens that another is computing

    private final Forward forward;
    private final Prefixes prefixes;
    private final Admission admission;
    private int promised; // pages of their own that sequences hold or may come to hold

    Promises(Forward forward, Prefixes prefixes, Admission admission) {
        this.admission = admission;
        this.forward = forward;
        this.prefixes = prefixes;
    }

    /**
     * Asks the policy and holds its answer to the rules.
     *
     * @param ready   running sequences that can go on
     * @param running how many run, those that are paused too
     * @param most    how many may
     */
    Step<Sequence> plan(
            SchedulerPolicy policy, List<Sequence> ready, List<Sequence> waiting, int running, int tokens, int most) {
        Plan plan = new Plan(ready, most - running);
        try {
            Step<Sequence> step = policy.plan(ready, List.copyOf(waiting), tokens, plan);
            check(step, new HashSet<>(ready), new HashSet<>(plan.taken), tokens);
            return step;
        } catch (RuntimeException | Error e) {
            for (Sequence s : plan.taken) {
                prefixes.release(s);
                giveBack(s);
            }
            throw e;
        }
    }

    /** What one plan has taken so far. */
    private final class Plan implements Room<Sequence> {
        private final int more;
        private final Set<Sequence> taken = new HashSet<>();
        private final List<Sequence> prefilling = new ArrayList<>();

        Plan(List<Sequence> ready, int more) {
            this.more = more;
            for (Sequence s : ready) if (s.pending() > 1) prefilling.add(s);
        }

        @Override
        public boolean shouldWait(Sequence s) {
            if (prefixes.isComing(s)) return true;
            int known = -1;
            for (Sequence other : prefilling) {
                int common = prefixes.common(s, other);
                if (common <= other.computed()) continue; // done
                if (known < 0) known = prefixes.known(s);
                if (common - known >= LEAST_WORTH_WAITING) return true;
            }
            return false;
        }

        @Override
        public boolean take(Sequence s) {
            if (taken.contains(s)) return true;
            if (taken.size() >= more) return false; // everyone let in can decode in every step
            prefixes.hold(s);
            int tokens = admission.tokens(s);
            int pages = forward.pagesFor(tokens, s.request.numerics()) - s.hold.sharedPages();
            if (isTooMuch(pages)) s.hold.dropTail();
            if (isTooMuch(pages)) {
                prefixes.release(s);
                return false;
            }
            s.promised = pages;
            s.promisedTokens = tokens;
            promised += pages;
            taken.add(s);
            prefilling.add(s);
            return true;
        }
    }

    private boolean isTooMuch(int pages) {
        return (long) promised + prefixes.pinnedPages() + pages > forward.pool().size();
    }

    /**
     * Sees to it that everyone who can go on has room for the next token. The oldest of the highest priority never gives
     * way: alone it always fits.
     *
     * @param running  all that run
     * @param ready    those that can go on
     * @param giveWay  called for who must: gives back its pages and its promise, and waits again
     */
    void grow(List<Sequence> running, Set<Sequence> ready, Consumer<Sequence> giveWay) {
        List<Sequence> order = new ArrayList<>(running);
        order.sort(Sequence.FIRST_TO_STAY_FIRST);
        for (int i = 0; i < order.size(); i++) {
            Sequence s = order.get(i);
            if (s.length() <= s.promisedTokens || !ready.contains(s)) continue; // nearly always: pages are not counted
            int tokens = admission.tokens(s);
            int more = own(s, tokens) - s.promised;
            if (isTooMuch(more)) more = own(s, tokens = s.length()) - s.promised;
            while (isTooMuch(more) && order.size() > i) giveWay.accept(order.removeLast());
            if (order.size() <= i) return; // its own turn came
            s.promised += more;
            s.promisedTokens = tokens;
            promised += more;
        }
    }

    /** Pages of its own for so many tokens. */
    private int own(Sequence s, int tokens) {
        return forward.pagesFor(tokens, s.request.numerics()) - s.hold.sharedPages();
    }

    private static void check(Step<Sequence> step, Set<Sequence> may, Set<Sequence> taken, int tokens) {
        may.addAll(taken);
        int left = tokens;
        for (Step.Chunk<Sequence> c : step.chunks()) {
            left -= c.count();
            if (!may.remove(c.sequence())
                    || c.count() < 1
                    || c.count() > c.sequence().pending()
                    || left < 0) {
                throw new IllegalStateException("scheduler policy broke its rules: count=" + c.count() + ", pending="
                        + c.sequence().pending() + ", tokens of the step=" + tokens + ", left=" + left);
            }
            taken.remove(c.sequence());
        }
        if (!taken.isEmpty()) {
            throw new IllegalStateException(
                    "scheduler policy took room for sequences it does not run: " + taken.size());
        }
    }

    /** Pages of its own that are the index's now: counted there. */
    void shared(Sequence s, int pages) {
        promised -= pages;
        s.promised -= pages;
    }

    void giveBack(Sequence s) {
        promised -= s.promised;
        s.promised = 0;
        s.promisedTokens = 0;
    }

    /** When nothing runs, none is promised, and a page that is held is an idle prefix's. */
    void checkIdle() {
        forward.pool().check();
        int free = forward.pool().free();
        if (promised != 0
                || prefixes.pinnedPages() != 0
                || free + prefixes.idlePages() != forward.pool().size()) {
            throw new IllegalStateException("kv pages held by nobody: promised=" + promised + ", pinned="
                    + prefixes.pinnedPages() + ", idle=" + prefixes.idlePages() + ", free=" + free + ", pages="
                    + forward.pool().size());
        }
    }
}
