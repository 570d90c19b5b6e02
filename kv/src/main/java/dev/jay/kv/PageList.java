// SPDX-License-Identifier: Apache-2.0
package dev.jay.kv;

import dev.jay.kv.pool.PagePool;
import java.util.Arrays;

/** Pages of one pool that one stream of one sequence holds, in order. Owns its hold on them. */
final class PageList {
    private final PagePool pool;
    private int[] pages = new int[8];
    private int count;

    PageList(PagePool pool) {
        this.pool = pool;
    }

    /** Leases pages until there are so many. */
    void leaseTo(int wanted) {
        ensure(wanted);
        while (count < wanted) pages[count++] = pool.lease();
    }

    /** Gives back all but the first so many. */
    void releaseTo(int wanted) {
        while (count > wanted) pool.release(pages[--count]);
    }

    /** One more holder of these, which come next. */
    void share(int[] others, int at, int more) {
        ensure(count + more);
        for (int p = at; p < at + more; p++) {
            pool.retain(others[p]);
            pages[count++] = others[p];
        }
    }

    /** Leases as many, and copies these to them. */
    void copy(int[] others, int at, int more) {
        int first = count;
        leaseTo(count + more);
        for (int p = 0; p < more; p++) pool.bytes(pages[first + p]).copyFrom(pool.bytes(others[at + p]));
    }

    /** As many more as those have, with the same in them. */
    void copy(PageList other) {
        copy(other.pages, 0, other.count);
    }

    /** Holds these instead of its own from {@code first} on. */
    void replace(int first, int[] others, int at, int many) {
        for (int p = 0; p < many; p++) {
            pool.retain(others[at + p]);
            pool.release(pages[first + p]);
            pages[first + p] = others[at + p];
        }
    }

    void copyTo(int first, int many, int[] into, int at) {
        System.arraycopy(pages, first, into, at, many);
    }

    int page(int index) {
        return pages[index];
    }

    int count() {
        return count;
    }

    private void ensure(int wanted) {
        if (wanted > pages.length) pages = Arrays.copyOf(pages, Math.max(wanted, 2 * pages.length));
    }
}
