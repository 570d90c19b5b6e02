// SPDX-License-Identifier: Apache-2.0
package dev.jay.engine;

import dev.jay.engine.schedule.SchedulerPolicy;
import dev.jay.engine.schedule.Step;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/**
 * Who has been promised how many KV pages. A sequence is let in when all that it can come to need fits beside what the
 * others were promised, so none ever runs dry; idle kept caches give way. Confined to the engine thread.
 */
final class Promises {
    private final Forward forward;
    private final Set<KeptCache> keptCaches;
    private int promised;

    /** @param keptCaches those there are, shared with the engine; idle ones may be cleared here */
    Promises(Forward forward, Set<KeptCache> keptCaches) {
        this.forward = forward;
        this.keptCaches = keptCaches;
    }

    /**
     * Asks the policy and holds its answer to the rules.
     *
     * @param ready   running sequences that can go on
     * @param running how many run, those that are paused too
     */
    Step<Sequence> plan(SchedulerPolicy policy, List<Sequence> ready, List<Sequence> waiting, int running, int tokens) {
        Set<Sequence> taken = new HashSet<>();
        try {
            Step<Sequence> step = policy.plan(ready, List.copyOf(waiting), tokens, s -> take(s, taken, running));
            check(step, new HashSet<>(ready), new HashSet<>(taken), tokens);
            return step;
        } catch (RuntimeException | Error e) {
            taken.forEach(this::giveBack);
            throw e;
        }
    }

    private boolean take(Sequence s, Set<Sequence> taken, int running) {
        if (taken.contains(s)) return true;
        if (running + taken.size() >= forward.mostRows()) return false; // everyone let in can decode in every step
        int pages = forward.pagesFor(s.limit(), s.request.numerics());
        if ((long) promised + pages > forward.pages()) return false;
        makeWay(forward.pages() - promised - pages, s.kept);
        s.promised = pages;
        promised += pages;
        taken.add(s);
        return true;
    }

    /** Clears idle caches, the one unused for longest first, until they hold at most this many pages. */
    private void makeWay(int most, KeptCache own) {
        List<KeptCache> idle = keptCaches.stream()
                .filter(k -> k.isIdle() && k != own)
                .sorted(Comparator.comparingLong(k -> k.lastUsed))
                .toList();
        int held = idle.stream().mapToInt(KeptCache::pages).sum();
        for (KeptCache k : idle) {
            if (held <= most) return;
            held -= k.pages();
            k.clear();
        }
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

    void giveBack(Sequence s) {
        promised -= s.promised;
        s.promised = 0;
    }

    /** When nothing runs and nothing is kept, no page is held and none is promised. */
    void checkIdle() {
        forward.check();
        if (promised != 0 || forward.freePages() != forward.pages()) {
            throw new IllegalStateException("kv pages held by nobody: promised=" + promised + ", free="
                    + forward.freePages() + ", pages=" + forward.pages());
        }
    }
}
