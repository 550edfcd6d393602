"""temporary"""
from collections.abc import Callable, Iterator, Sequence
from typing import Any
Ranges = Sequence[tuple[int, int]]
Execute = Callable[[Callable[..., Any], Any, Ranges], Iterator[Any]]
def ranges(count, size):
    return [(a, min(a+size, count)) for a in range(0, max(count,1), size)]
def in_order(function, shared, ranges):
    for a,b in ranges: yield function(shared,a,b)
def threads(function, shared, ranges):
    from concurrent.futures import ThreadPoolExecutor
    from collections import deque
    if len(ranges)==1: yield function(shared,*ranges[0]); return
    with ThreadPoolExecutor(2) as pool:
        q=deque()
        for r in ranges:
            q.append(pool.submit(function, shared, *r))
            if len(q)>4: yield q.popleft().result()
        while q: yield q.popleft().result()
