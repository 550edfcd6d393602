"""temporary"""


def chunks(count, size, *, block=256):
    step = -(-size // block) * block
    return tuple((a, min(a + step, count)) for a in range(0, count, step))


def map_chunks(function, shared, ranges, *, engine="serial", progress=None):
    from collections import deque
    from concurrent.futures import ThreadPoolExecutor

    ranges = list(ranges)
    if len(ranges) <= 1 or engine == "serial:1":
        for r in ranges:
            yield function(shared, *r)
        return
    import threadpoolctl

    with threadpoolctl.threadpool_limits(1), ThreadPoolExecutor(2) as pool:
        q = deque()
        for r in ranges:
            q.append(pool.submit(function, shared, *r))
            if len(q) > 4:
                yield q.popleft().result()
        while q:
            yield q.popleft().result()
