import time

print("about to hang", flush=True)
while True:
    time.sleep(1)
