// SPDX-License-Identifier: Apache-2.0
package dev.jay.app.cli;

import dev.jay.kv.codec.KvCodecs;
import dev.jay.kv.evict.KvEvictions;
import dev.jay.kv.evict.KvSpreads;
import dev.jay.kv.filter.KvFilters;
import dev.jay.kv.merge.KvMerges;
import dev.jay.kv.prefill.KvPrefills;
import dev.jay.kv.select.KvSelections;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;

/** What a recipe for keys and values can name, for {@code --help}. */
final class KvChoices implements Iterable<String> {
    @Override
    public Iterator<String> iterator() {
        List<String> all = new ArrayList<>(KvCodecs.ALL.names());
        KvEvictions.ALL.names().forEach(name -> all.add("evict=" + name));
        KvMerges.ALL.names().forEach(name -> all.add("merge=" + name));
        KvSelections.ALL.names().forEach(name -> all.add("select=" + name));
        KvPrefills.ALL.names().forEach(name -> all.add("prefill=" + name));
        KvFilters.ALL.names().forEach(name -> all.add("filter=" + name));
        KvSpreads.ALL.names().forEach(name -> all.add("spread=" + name));
        return all.iterator();
    }
}
