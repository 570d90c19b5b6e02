// SPDX-License-Identifier: Apache-2.0
package dev.jay.engine.sample.grammar;

import dev.jay.model.text.Tokenizer;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;

/**
 * What a model has found out about the grammars it was asked for lately: a request with a schema that came before finds
 * its masks. Bounded; what is forgotten is found again. Thread-safe.
 */
public final class GrammarCache {
    private static final int MOST_GRAMMARS = 16;
    private static final long MOST_BYTES = 4L << 20; // of each, beside the grammar itself
    private static final long MOST_OF_ALL = 16L << 20; // beside the tries and the grammar asked for last

    private final Tokenizer tokenizer;
    private final Map<Set<Integer>, TokenTrie> tries = new LinkedHashMap<>();
    private final Map<Key, GrammarMasks> known = new LinkedHashMap<>(MOST_GRAMMARS, 0.75f, true);

    private record Key(Grammar grammar, Set<Integer> written) {}

    public GrammarCache(Tokenizer tokenizer) {
        this.tokenizer = tokenizer;
    }

    /** @param written control tokens that are read as the vocabulary writes them */
    public synchronized GrammarMasks masks(Grammar grammar, Set<Integer> written) {
        Key key = new Key(grammar, Set.copyOf(written));
        GrammarMasks masks = known.get(key);
        if (masks != null) return trimmed(masks);
        if (tries.size() > 2 && !tries.containsKey(key.written)) tries.clear();
        TokenTrie trie = tries.computeIfAbsent(key.written, w -> TokenTrie.of(tokenizer, w));
        masks = new GrammarMasks(grammar, trie, MOST_BYTES);
        known.put(key, masks);
        return trimmed(masks);
    }

    /** Lets those go that were not asked for the longest; answers under way keep theirs. */
    private GrammarMasks trimmed(GrammarMasks asked) {
        while (known.size() > 1 && (known.size() > MOST_GRAMMARS || grammarBytes() > MOST_OF_ALL)) {
            known.remove(known.keySet().iterator().next());
        }
        return asked;
    }

    private long grammarBytes() {
        long all = 0;
        for (Map.Entry<Key, GrammarMasks> each : known.entrySet()) {
            all += each.getKey().grammar().heapBytes() + each.getValue().heapBytes();
        }
        return all;
    }

    /** What is remembered takes this much of the heap, about. */
    public synchronized long heapBytes() {
        long all = grammarBytes();
        for (TokenTrie trie : tries.values()) all += trie.heapBytes();
        return all;
    }
}
